using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management.Pages;

/// <summary>The console's forms, sent as a browser sends them.</summary>
public sealed partial class ConsoleFormTests : IAsyncLifetime
{
    private const string Evil = "</textarea><script>alert(1)</script>\"'>";

    private readonly CookieContainer _cookies = new();
    private StuckKey _stuck = null!;
    private HttpClient _browser = null!;
    private JsonNode _record = null!;

    private string Path => $"/console/records/{_record["id"]}";

    public async Task InitializeAsync()
    {
        _stuck = await StuckKey.StartAsync();
        _browser = NewBrowser(_cookies);
        _record = await _stuck.RecordAsync();
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _stuck.DisposeAsync();
    }

    [Fact]
    public async Task A_form_that_is_sent_leads_to_a_page_that_can_be_loaded_again()
    {
        var form = await FormAsync();
        using var sent = await SendAsync(form);
        Assert.Equal((303, $"{Path}?done=released"), ((int)sent.StatusCode, sent.Headers.Location?.OriginalString));
        using var page = await _browser.GetAsync(sent.Headers.Location);
        await page.ShouldBeAsync(200);
        var html = await page.Content.ReadAsStringAsync();
        Assert.Contains("It is released: the next request with its key runs.", html, StringComparison.Ordinal);
        Assert.Contains("no charge in the ledger", html, StringComparison.Ordinal);

        using var retry = await _stuck.Gateway.Client.PostAsync("k");
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.Contains("its key has been used again since", await _browser.GetStringAsync(sent.Headers.Location), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completed_by_a_form_every_retry_gets_that_answer()
    {
        var form = await FormAsync();
        (form["outcome"], form["status"], form["contentType"], form["body"]) = ("completed", "201", "text/plain; charset=utf-8", "one\r\ntwo <b>");
        using var sent = await SendAsync(form);
        Assert.Equal(303, (int)sent.StatusCode);
        Assert.Contains("It is completed: every retry gets this answer.", await _browser.GetStringAsync(sent.Headers.Location), StringComparison.Ordinal);
        using var retry = await _stuck.Gateway.Client.PostAsync("k");
        Assert.Equal((201, true, "text/plain; charset=utf-8", "one\ntwo <b>"), ((int)retry.StatusCode, retry.IsReplay(), retry.Content.Headers.ContentType?.ToString(), await retry.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Deleted_by_a_form_the_record_is_gone()
    {
        var form = await FormAsync();
        form["outcome"] = "deleted";
        using var sent = await SendAsync(form);
        Assert.Equal(303, (int)sent.StatusCode);
        Assert.Contains("It is deleted: the next request with its key runs.", await _browser.GetStringAsync(sent.Headers.Location), StringComparison.Ordinal);
        Assert.Null(await _stuck.Admin.StateAsync());
    }

    [Theory]
    [InlineData("no token")]
    [InlineData("wrong token")]
    [InlineData("another browser's token")]
    [InlineData("no cookie")]
    public async Task Without_the_token_of_this_browser_nothing_is_changed_the_page_says_so_and_keeps_what_was_typed(string what)
    {
        var form = await FormAsync();
        form["reason"] = $"typed {Evil}";
        using var other = NewBrowser(new CookieContainer());
        switch (what)
        {
            case "no token":
                form.Remove("__RequestVerificationToken");
                break;
            case "wrong token":
                form["__RequestVerificationToken"] = form["__RequestVerificationToken"][..^4] + "AAAA";
                break;
            case "another browser's token":
                form["__RequestVerificationToken"] = (await FormAsync(other))["__RequestVerificationToken"];
                break;
        }

        using var refused = await (what == "no cookie" ? other : _browser).PostAsync($"{Path}/resolve", new FormUrlEncodedContent(form));

        await refused.ShouldBeAsync(400);
        var html = await refused.Content.ReadAsStringAsync();
        Assert.Contains("The form is out of date.", html, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", html, StringComparison.Ordinal);
        Assert.Contains($"typed {Evil}", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Equal("unknown", await _stuck.Admin.StateAsync());
        Assert.Empty(_stuck.Audit());

        // And the page that says so can be sent.
        form["__RequestVerificationToken"] = TokenIn(html);
        using var again = await (what == "no cookie" ? other : _browser).PostAsync($"{Path}/resolve", new FormUrlEncodedContent(form));
        Assert.Equal(303, (int)again.StatusCode);
    }

    [Fact]
    public async Task What_is_no_form_is_refused_with_a_page()
    {
        using var refused = await _browser.PostAsync($"{Path}/resolve", new StringContent("{}", null, "application/json"));
        await refused.ShouldBeAsync(400);
        Assert.Contains("This is no form of the console", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var cut = new StringContent("--b\r\nContent-Disp");
        cut.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        using var broken = await _browser.PostAsync($"{Path}/resolve", cut);
        await broken.ShouldBeAsync(400);
        Assert.Equal("unknown", await _stuck.Admin.StateAsync());
    }

    [Theory]
    [InlineData("released", "reason", " ", 400, "by and reason are required")]
    [InlineData("released", "by", "", 400, "by and reason are required")]
    [InlineData("released", "version", "0000000000000000", 409, "The record has changed.")]
    [InlineData("released", "version", "", 409, "The version is missing.")]
    [InlineData("completed", "status", "abc", 400, "answer.status is not from 200 to 599.")]
    [InlineData("completed", "status", "199", 400, "answer.status is not from 200 to 599.")]
    [InlineData("completed", "status", "204", 400, "an answer with status 204 has no body")]
    [InlineData("completed", "contentType", "text/plain\r\nX-A: b", 400, "answer.headers.Content-Type has a value that no header can have.")]
    [InlineData("paid", "reason", "x", 400, "outcome is neither completed nor released.")]
    [InlineData(null, "reason", "x", 400, "outcome is neither completed nor released.")]
    public async Task What_is_refused_changes_nothing_says_why_and_keeps_what_was_typed(string? outcome, string field, string value, int status, string problem)
    {
        var form = await FormAsync();
        (form["contentType"], form["status"], form["body"], form["reason"], form["by"]) = ($"text/{Evil}", "200", $"b {Evil}", $"r {Evil}", $"u {Evil}");
        if (outcome is null)
        {
            form.Remove("outcome");
        }
        else
        {
            form["outcome"] = outcome;
        }

        form[field] = value;

        using var refused = await SendAsync(form);

        await refused.ShouldBeAsync(status);
        var html = await refused.Content.ReadAsStringAsync();
        Assert.Contains(problem, WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        foreach (var (name, typed) in form.Where(typed => outcome is "released" or "completed" && typed.Key is "by" or "reason" && typed.Key != field))
        {
            Assert.Contains($"value=\"{typed}\"", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        }

        if (outcome == "completed")
        {
            Assert.Contains($">b {Evil}</textarea>", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        }

        Assert.Equal("unknown", await _stuck.Admin.StateAsync());
        Assert.Empty(_stuck.Audit());
    }

    [Fact]
    public async Task A_form_for_a_record_that_is_gone_says_that_it_is_gone()
    {
        var form = await FormAsync();
        using var deleted = await _stuck.Admin.DeleteAsync(_record);
        using var refused = await SendAsync(form);
        await refused.ShouldBeAsync(404);
        Assert.Contains("There is no such record", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_cannot_claim_that_something_was_done()
    {
        foreach (var done in (string[])["released", "deleted", "completed"])
        {
            using var nothing = await _browser.GetAsync($"/console/records/{new string('f', 32)}?done={done}");
            await nothing.ShouldBeAsync(404);
            Assert.DoesNotContain("class=\"success\"", await nothing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.DoesNotContain("class=\"success\"", await _browser.GetStringAsync($"{Path}?done={done}"), StringComparison.Ordinal);
        }
    }

    private async Task<Dictionary<string, string>> FormAsync(HttpClient? browser = null) => new()
    {
        ["__RequestVerificationToken"] = TokenIn(await (browser ?? _browser).GetStringAsync(Path)),
        ["outcome"] = "released",
        ["version"] = (string)_record["version"]!,
        ["by"] = "ann",
        ["reason"] = "no charge in the ledger",
    };

    private Task<HttpResponseMessage> SendAsync(Dictionary<string, string> form) => _browser.PostAsync($"{Path}/resolve", new FormUrlEncodedContent(form));

    private HttpClient NewBrowser(CookieContainer cookies) => new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies }) { BaseAddress = _stuck.Gateway.Management, Timeout = Bounded.Limit };

    private static string TokenIn(string page) => Token().Match(page).Groups[1].Value;

    [GeneratedRegex("""name="__RequestVerificationToken" value="([^"]+)""")]
    private static partial Regex Token();
}
