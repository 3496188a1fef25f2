using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Gateway.Tests.Management.Pages;

/// <summary>What an operator does, in a real browser.</summary>
[NeedsChromium]
public sealed class ConsoleStories(Browser browser) : IClassFixture<Browser>
{
    [ServerFact]
    public async Task A_key_is_stuck_the_operator_finds_it_releases_it_and_the_clients_retry_runs()
    {
        await using var stuck = await StuckKey.StartAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;

        // :: It is the first thing that the overview tells
        await window.GoAsync("/console");
        var tile = page.Locator(".tile").First;
        await tile.GetByText("1", new() { Exact = true }).WaitForAsync(); // by itself, once it is counted
        Assert.Contains("Unknown records", await tile.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("bad", await tile.GetAttributeAsync("class"), StringComparison.Ordinal);

        // :: What is known of it
        await page.Locator("table").First.GetByRole(AriaRole.Link).First.ClickAsync();
        await page.WaitForURLAsync("**/console/records/*");
        var timeline = await page.Locator(".timeline li").AllInnerTextsAsync();
        Assert.Equal(3, timeline.Count);
        Assert.Contains("the key was first seen and the request forwarded", timeline[0], StringComparison.Ordinal);
        Assert.Contains("nobody knows whether it took effect", timeline[1], StringComparison.Ordinal);
        Assert.Contains("the record is forgotten", timeline[2], StringComparison.Ordinal);

        // :: It did not take effect
        var form = page.Locator("form").Filter(new() { HasText = "It did not" });
        await form.GetByLabel("Who you are").FillAsync("Ann of payments");
        await form.GetByLabel("Why").FillAsync("OPS-12: no charge in the ledger");
        await form.GetByRole(AriaRole.Button, new() { Name = "Release it" }).ClickAsync();
        await window.SeeAsync("It is released: the next request with its key runs.");

        // :: Who and why is written down
        await page.GetByRole(AriaRole.Link, new() { Name = "Audit", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/console/audit");
        var done = await page.Locator("tbody tr").First.InnerTextAsync();
        Assert.Contains("Ann of payments", done, StringComparison.Ordinal);
        Assert.Contains("OPS-12: no charge in the ledger", done, StringComparison.Ordinal);
        Assert.Contains("done", done, StringComparison.Ordinal);

        // :: And the client goes on
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        Assert.Equal(("paid", false), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Equal(2, stuck.Backend.Requests.Count);
    }

    [ServerFact]
    public async Task It_took_effect_the_operator_says_so_and_every_retry_gets_that_answer()
    {
        await using var stuck = await StuckKey.StartAsync("""{ "ShowBody": true }""");
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;
        await window.GoAsync($"/console/records/{(await stuck.RecordAsync())["id"]}");
        var form = page.Locator("form").Filter(new() { HasText = "It took effect" });
        await form.GetByLabel("Status").FillAsync("201");
        await form.GetByLabel("Body").FillAsync("{\n  \"paid\": \"<b>€</b>\"\n}");
        await form.GetByLabel("Who you are").FillAsync("Ann");
        await form.GetByLabel("Why").FillAsync("charged");
        await form.GetByRole(AriaRole.Button).ClickAsync();
        await window.SeeAsync("It is completed: every retry gets this answer.");

        await page.GetByRole(AriaRole.Link, new() { Name = "Show the body" }).ClickAsync();
        await page.Locator("pre.body").WaitForAsync();
        Assert.Equal("{\n  \"paid\": \"<b>€</b>\"\n}", await page.Locator("pre.body").InnerTextAsync());
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        Assert.Equal((201, true, "application/json"), ((int)retry.StatusCode, retry.IsReplay(), retry.Content.Headers.ContentType?.ToString()));
        Assert.Equal("{\n  \"paid\": \"<b>€</b>\"\n}", await retry.Content.ReadAsStringAsync());
        Assert.Single(stuck.Backend.Requests);
    }

    [ServerFact]
    public async Task What_a_browser_can_check_it_says_before_anything_is_sent_and_what_the_gateway_refuses_is_kept()
    {
        await using var stuck = await StuckKey.StartAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway);
        window.Expected = "400"; // what the browser's console tells of a page with that status
        var page = window.Page;
        await window.GoAsync($"/console/records/{(await stuck.RecordAsync())["id"]}");
        var form = page.Locator("form").Filter(new() { HasText = "It took effect" });
        await form.GetByLabel("Who you are").FillAsync("Ann");
        await form.GetByRole(AriaRole.Button).ClickAsync();
        Assert.True(await form.GetByLabel("Why").EvaluateAsync<bool>("input => !input.checkValidity() && document.activeElement === input"));

        await form.GetByLabel("Why").FillAsync("charged");
        await form.GetByLabel("Status").FillAsync("204");
        await form.GetByLabel("Body").FillAsync("a body that there cannot be");
        await form.GetByRole(AriaRole.Button).ClickAsync();
        await window.SeeAsync("an answer with status 204 has no body");
        Assert.Equal("a body that there cannot be", await form.GetByLabel("Body").InputValueAsync());
        Assert.Equal(("Ann", "charged", "204"), (await form.GetByLabel("Who you are").InputValueAsync(), await form.GetByLabel("Why").InputValueAsync(), await form.GetByLabel("Status").InputValueAsync()));
        Assert.Equal("unknown", await stuck.Admin.StateAsync());
    }

    [ServerFact]
    public async Task A_record_is_found_by_the_clients_key_and_by_the_digits_from_a_log()
    {
        await using var stuck = await StuckKey.StartAsync();
        using var done = await stuck.Gateway.Client.PostAsync("order-66");
        using var other = await stuck.Gateway.Client.PostAsync("order-67");
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;
        await window.GoAsync("/console/records");
        Assert.Equal(3, await page.Locator("tbody tr").CountAsync());
        await page.GetByLabel("Key or record").FillAsync("order-66");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await page.WaitForURLAsync("**q=order*");
        Assert.Equal("order-66", await page.Locator("tbody td.key").InnerTextAsync());
        Assert.Equal("order-66", await page.GetByLabel("Key or record").InputValueAsync());

        var id = (string)(await stuck.RecordAsync())["id"]!;
        await page.GetByLabel("Key or record").FillAsync(id[..16]);
        await page.GetByLabel("Key or record").PressAsync("Enter");
        await page.WaitForURLAsync($"**/console/records/{id}");

        await window.GoAsync("/console/records");
        await page.GetByLabel("State").SelectOptionAsync("unknown");
        await page.GetByLabel("Operation").SelectOptionAsync("pay");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await page.WaitForURLAsync("**state=unknown*");
        Assert.Equal("k", await page.Locator("tbody td.key").InnerTextAsync());
        await page.GetByLabel("First seen").SelectOptionAsync("o1h");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await window.SeeAsync("No record matches.");
    }

    [ServerFact]
    public async Task Without_a_script_everything_can_be_read_and_done()
    {
        await using var stuck = await StuckKey.StartAsync();
        await stuck.Gateway.Services.GetRequiredService<RecordCensus>().CountAsync(CancellationToken.None);
        await using var window = await browser.OpenAsync(stuck.Gateway, javaScript: false);
        var page = window.Page;
        await window.GoAsync("/console");
        Assert.Equal(10, await page.Locator(".tile").CountAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = "Refresh" }).ClickAsync();
        foreach (var name in (string[])["Records", "Coverage", "Audit", "Overview"])
        {
            await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = name }).WaitForAsync();
        }

        await page.Locator("table").First.GetByRole(AriaRole.Link).First.ClickAsync();
        await page.Locator("summary").ClickAsync();
        var form = page.Locator("details form");
        await form.GetByLabel("Who you are").FillAsync("Ann");
        await form.GetByLabel("Why").FillAsync("no script");
        await form.GetByRole(AriaRole.Button).ClickAsync();
        await window.SeeAsync("It is deleted: the next request with its key runs.");
    }

    [ServerFact]
    public async Task By_the_keyboard_alone_the_content_the_pages_and_the_form_are_reached_and_the_focus_is_always_seen()
    {
        await using var stuck = await StuckKey.StartAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;
        await window.GoAsync($"/console/records/{(await stuck.RecordAsync())["id"]}");

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("To the content", await FocusedAsync());
        Assert.True(await page.EvaluateAsync<bool>("document.activeElement.getBoundingClientRect().left >= 0"));
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("MAIN", await page.EvaluateAsync<string>("document.activeElement.tagName"));

        await window.GoAsync(new Uri(page.Url).AbsolutePath);
        var met = new List<string>();
        for (var i = 0; i < 40 && !met.Contains("Release it"); i++)
        {
            await page.Keyboard.PressAsync("Tab");
            met.Add(await FocusedAsync());
        }

        Assert.Equal(["To the content", "Idempotency Gateway", "Overview", "Records", "Coverage", "Audit", "status", "contentType", "body", "by", "reason", "Complete it with this answer", "by", "reason", "Release it"], met);
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.TypeAsync("by hand");
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.TypeAsync("Ann");
        await page.Keyboard.PressAsync("Enter");
        await window.SeeAsync("It is released: the next request with its key runs.");

        async Task<string> FocusedAsync()
        {
            Assert.True(
                await page.EvaluateAsync<bool>("(() => { const style = getComputedStyle(document.activeElement); return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2; })()"),
                "No outline shows where the focus is.");
            return await page.EvaluateAsync<string>("document.activeElement.name || document.activeElement.innerText.trim()");
        }
    }
}
