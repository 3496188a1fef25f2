using System.Net;
using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Management.Pages;

/// <summary>The console's pages as bytes: what a browser may do with them, and that nothing from outside becomes a part of them.</summary>
public sealed class ConsolePageTests
{
    private const string Hostile = "<script>alert(1)</script>\"'></textarea></title><img/src=x/onerror=alert(2)>&amp;";

    [Fact]
    public async Task Every_page_comes_with_its_policy_and_is_kept_by_nobody()
    {
        await using var stuck = await StuckKey.StartAsync("""{ "ShowBody": true }""");
        using var done = await stuck.Gateway.Client.PostAsync("done");
        var (unknown, completed) = (await stuck.RecordAsync(), await stuck.Admin.RecordAsync("done"));
        foreach (var path in (string[])
        [
            "/console", "/console/records", "/console/records?state=unknown", "/console/records?q=nothing&operation=none&age=o5m", "/console/coverage", "/console/audit",
            $"/console/records/{unknown["id"]}", $"/console/records/{completed["id"]}?body=true", $"/console/records/{((string)completed["id"]!)[..16]}",
        ])
        {
            using var page = await stuck.Admin.Client.GetAsync(path);
            await page.ShouldBeAsync(200);
            ShouldBeAPage(page);
            var html = await page.Content.ReadAsStringAsync();
            Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<style", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
            Assert.DoesNotContain("javascript:", html, StringComparison.Ordinal);
        }

        using var missing = await stuck.Admin.Client.GetAsync($"/console/records/{new string('f', 32)}");
        await missing.ShouldBeAsync(404);
        ShouldBeAPage(missing);
        Assert.DoesNotContain(stuck.Gateway.Log.Entries, entry => entry.Level >= LogLevel.Warning && entry.Category.Contains("Antiforgery", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/console/console.css", "text/css")]
    [InlineData("/console/console.js", "text/javascript")]
    public async Task Style_and_script_are_files_of_their_own(string path, string type)
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        using var answer = await admin.Client.GetAsync(path);
        Assert.Equal((200, type), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        using var root = await admin.Client.GetAsync("/");
        Assert.Equal((302, "/console"), ((int)root.StatusCode, root.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task Whatever_a_client_a_backend_or_a_configuration_says_is_text_on_every_page()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(Hostile, "200 <b>ok</b>", $"X-Evil: {Hostile}\r\nContent-Type: text/html\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, new JsonObject { ["ShowBody"] = true, ["Operation"] = Hostile, ["Key"] = new JsonObject { ["MaxLength"] = 1024 } }.ToJsonString());
        using var admin = new Admin(gateway);
        var key = Hostile + new string('k', 1024 - Hostile.Length);
        using var first = await gateway.Client.PostAsync(Requests.Quoted(key));
        await first.ShouldBeAsync(200);
        await gateway.Services.GetRequiredService<RecordCensus>().CountAsync(CancellationToken.None);
        var record = await admin.RecordAsync(key);
        Assert.Equal(Hostile, (string?)record["operation"]);
        var call = Admin.Released(record);
        call.Remove("outcome");
        (call["by"], call["reason"]) = (Hostile, Hostile);
        foreach (var path in (string[])["/console", "/console/records", $"/console/records?q={Uri.EscapeDataString(Hostile)}&operation={Uri.EscapeDataString(Hostile)}&state={Uri.EscapeDataString(Hostile)}&age=%3Cb%3E", $"/console/records/{record["id"]}?body=true&done=%3Cscript%3E", "/console/coverage"])
        {
            ShouldBeText(await admin.Client.GetStringAsync(path));
        }

        var page = await admin.Client.GetStringAsync($"/console/records/{record["id"]}?body=true");
        Assert.Contains(Hostile, Normal(page), StringComparison.Ordinal);
        Assert.Contains(key, Normal(page), StringComparison.Ordinal);
        using var deleted = await admin.DeleteAsync(record, call);
        await deleted.ShouldBeAsync(204);
        foreach (var path in (string[])["/console/audit", $"/console/records/{record["id"]}"])
        {
            ShouldBeText(page = await admin.Client.GetStringAsync(path));
            Assert.Contains(Hostile, Normal(page), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_would_turn_the_direction_of_writing_is_made_visible()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        var call = Admin.Completed(record, new JsonObject { ["status"] = 200 });
        (call["by"], call["reason"]) = ("\u202Ebob", "a\u2066b\u200Fc\u0007d");
        using var resolved = await stuck.Admin.ResolveAsync(record, call);
        await resolved.ShouldBeAsync(200);
        foreach (var path in (string[])["/console/audit", $"/console/records/{record["id"]}"])
        {
            var page = WebUtility.HtmlDecode(await stuck.Admin.Client.GetStringAsync(path));
            Assert.Contains("\uFFFDbob", page, StringComparison.Ordinal);
            Assert.Contains("a\uFFFDb\uFFFDc\uFFFDd", page, StringComparison.Ordinal);
            Assert.DoesNotContain(page, c => c is '\u202E' or '\u2066' or '\u200F' or '\u0007');
        }
    }

    [Fact]
    public async Task The_digits_from_a_log_lead_to_the_record_and_a_key_that_looks_like_them_is_looked_for()
    {
        await using var stuck = await StuckKey.StartAsync();
        var id = (string)(await stuck.RecordAsync())["id"]!;
        foreach (var digits in (string[])[id, id[..16], $" {id[..16]} "])
        {
            using var answer = await stuck.Admin.Client.GetAsync($"/console/records?q={Uri.EscapeDataString(digits)}");
            Assert.Equal((302, $"/console/records/{id}"), ((int)answer.StatusCode, answer.Headers.Location?.OriginalString));
        }

        var key = Guid.NewGuid().ToString("n");
        using var done = await stuck.Gateway.Client.PostAsync(key);
        var page = await stuck.Admin.Client.GetStringAsync($"/console/records?q={key}");
        Assert.Contains((string)(await stuck.Admin.RecordAsync(key))["id"]!, page, StringComparison.Ordinal);
        Assert.DoesNotContain(id, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_that_has_more_leads_on_with_what_was_looked_for()
    {
        await using var stuck = await StuckKey.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(async number => (await stuck.LoseAsync($"k{number}")).Dispose()));
        var first = await stuck.Admin.Client.GetStringAsync("/console/records?state=unknown&operation=pay&age=h1");
        var next = WebUtility.HtmlDecode(first.Split("<a rel=\"next\" href=\"")[1].Split('"')[0]);
        Assert.Contains("state=unknown&operation=pay&age=h1&cursor=", next, StringComparison.Ordinal);
        var second = await stuck.Admin.Client.GetStringAsync(next);
        Assert.Equal((50, 11), (Rows(first), Rows(second)));
        Assert.DoesNotContain("rel=\"next\"", second, StringComparison.Ordinal);
        using var wrong = await stuck.Admin.Client.GetAsync("/console/records?cursor=x");
        await wrong.ShouldBeAsync(400);
        Assert.Contains("This page is not one of a search.", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        static int Rows(string page) => page.Split("<td><a class=\"id\"").Length - 1;
    }

    [Fact]
    public async Task Where_the_store_does_not_answer_there_is_a_page_that_says_so()
    {
        FaultyInspector inspector = null!;
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/", configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>())));
        using var admin = new Admin(gateway);
        inspector.Before = _ => throw new IOException("Password=s3cret");
        foreach (var path in (string[])["/console/records", $"/console/records/{new string('a', 32)}"])
        {
            using var page = await admin.Client.GetAsync(path);
            await page.ShouldBeAsync(503);
            ShouldBeAPage(page);
            var html = await page.Content.ReadAsStringAsync();
            Assert.Contains("The store did not answer", html, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", html, StringComparison.Ordinal);
        }

        using var overview = await admin.Client.GetAsync("/console"); // the page that tells of the store
        await overview.ShouldBeAsync(200);
        Assert.Contains(gateway.Log.Entries, entry => entry.Event == "ManagementFailed");
    }

    private static void ShouldBeAPage(HttpResponseMessage page)
    {
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType?.ToString());
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("same-origin", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(page.Headers.CacheControl!.NoStore);
    }

    private static void ShouldBeText(string page)
    {
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>ok", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\"'>", page, StringComparison.Ordinal);
    }

    private static string Normal(string page) => WebUtility.HtmlDecode(page);
}
