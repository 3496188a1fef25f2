using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Gateway.Tests.Management.Pages;

/// <summary>How the console's pages behave in a real browser, whatever is on them. Each window fails its test on any error, warning, or dialog of the page.</summary>
[NeedsChromium]
public sealed class ConsoleLookTests(Browser browser) : IClassFixture<Browser>
{
    private const string Hostile = "<script>alert(1)</script>\"'></textarea><img/src=x/onerror=alert(2)><svg/onload=alert(3)>";

    [ServerTheory]
    [InlineData(360, "Light")]
    [InlineData(360, "Dark")]
    [InlineData(1280, "Light")]
    [InlineData(1280, "Dark")]
    public async Task Every_page_fits_its_window_in_either_colours_with_nothing_to_complain_and_runs_nothing_from_outside(int width, string colors)
    {
        await using var stuck = await HostileAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway, width, Enum.Parse<ColorScheme>(colors));
        var page = window.Page;
        foreach (var path in await PathsAsync(stuck))
        {
            await window.GoAsync(path);
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{path} is {await page.EvaluateAsync<int>("document.documentElement.scrollWidth")} pixels wide.");
            Assert.Equal(0, await page.Locator("main script, main img, main svg:not(.chart)").CountAsync());
            foreach (var (ground, text) in (await page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll('h1, h2, p, a, th, td, dt, dd, li, label, summary, button, .state, .note, caption')].filter(e => e.innerText && e.offsetParent).map(e => {
                  let ground = e;
                  while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
                  return getComputedStyle(ground).backgroundColor + '|' + getComputedStyle(e).color;
                })
                """)).Distinct().Select(pair => (pair.Split('|')[0], pair.Split('|')[1])))
            {
                Assert.True(Contrast(ground, text) >= 4.5, $"{path}: {text} on {ground} has a contrast of {Contrast(ground, text):0.0} (WCAG 2.2, 1.4.3: 4.5).");
            }

            var body = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
            Assert.Equal(colors == "Dark", Luminance(body) < 0.2);
        }
    }

    [ServerFact]
    public async Task The_overview_follows_what_happens_by_itself()
    {
        await using var stuck = await StuckKey.StartAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;
        await window.GoAsync("/console");
        await page.EvaluateAsync("window.stays = true");
        using var done = await stuck.Gateway.Client.PostAsync("done");
        using var retry = await stuck.Gateway.Client.PostAsync("done");
        await page.Locator("td .count").GetByText("1 replayed").WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.stays"), "The page was loaded anew.");
        Assert.Equal(1, await page.GetByRole(AriaRole.Link, new() { Name = "Refresh" }).CountAsync());
    }

    [ServerFact]
    public async Task Figures_that_are_old_because_the_gateway_does_not_answer_say_so()
    {
        await using var stuck = await StuckKey.StartAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway);
        window.Expected = "net::ERR_";
        await window.GoAsync("/console");
        await stuck.Gateway.StopAsync();
        await window.Page.Locator(".live-state.stale").WaitForAsync();
        Assert.Contains("The gateway does not answer. As of ", await window.Page.Locator(".live-state").InnerTextAsync(), StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Nothing_moves_under_the_hands_of_who_reads_with_the_keyboard()
    {
        await using var stuck = await StuckKey.StartAsync();
        await stuck.Gateway.Services.GetRequiredService<RecordCensus>().CountAsync(CancellationToken.None);
        await using var window = await browser.OpenAsync(stuck.Gateway);
        var page = window.Page;
        await page.Clock.InstallAsync();
        await window.GoAsync("/console");
        var loads = 0;
        page.Request += (_, request) => loads += request.ResourceType == "fetch" ? 1 : 0;
        await page.Locator("table a").First.FocusAsync();
        await page.Clock.RunForAsync(30_000);
        Assert.Equal(0, loads);
        var answered = page.WaitForResponseAsync("**/console");
        await page.Locator("main").FocusAsync();
        await page.Clock.RunForAsync(5_000);
        await answered;
        Assert.Equal(1, loads);
    }

    [ServerTheory]
    [InlineData(360)]
    [InlineData(1280)]
    public async Task The_published_specification_fits_its_window_too_and_its_anchors_are_there(int width)
    {
        await using var stuck = await HostileAsync();
        await using var window = await browser.OpenAsync(stuck.Gateway, width);
        var page = window.Page;
        await window.GoAsync(new Uri(stuck.Gateway.Address, "/.well-known/idempotency#outcome-unknown").ToString());
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        Assert.True(await page.Locator("#outcome-unknown").EvaluateAsync<bool>("e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"));
        Assert.Equal(0, await page.Locator("main script, main img, main svg").CountAsync());
    }

    /// <summary>Everything that comes from outside is hostile, and as long as it may be.</summary>
    private static async Task<StuckKey> HostileAsync()
    {
        var stuck = await StuckKey.StartAsync(new JsonObject { ["ShowBody"] = true, ["Operation"] = Hostile, ["Key"] = new JsonObject { ["MaxLength"] = 1024 } }.ToJsonString());
        var key = Hostile + new string('k', 1024 - Hostile.Length);
        using var lost = await stuck.LoseAsync(Requests.Quoted(key));
        await lost.ShouldBeAsync(502, "outcome-unknown");
        using var done = await stuck.Gateway.Client.PostAsync("done");
        var record = await stuck.RecordAsync();
        var call = Admin.Completed(record, new JsonObject { ["status"] = 200, ["headers"] = new JsonObject { ["X-Evil"] = new JsonArray(Hostile, new string('h', 2000)) }, ["body"] = Hostile + new string('b', 2000) });
        (call["by"], call["reason"]) = (Hostile + new string('u', 800), Hostile + new string('r', 800));
        using var resolved = await stuck.Admin.ResolveAsync(record, call);
        await resolved.ShouldBeAsync(200);
        await stuck.Gateway.Services.GetRequiredService<RecordCensus>().CountAsync(CancellationToken.None);
        return stuck;
    }

    private static async Task<List<string>> PathsAsync(StuckKey stuck)
    {
        var records = (await stuck.Admin.ReadAsync("/admin/records"))["records"]!.AsArray();
        Assert.Equal(3, records.Count);
        return ["/console", "/console/records", $"/console/records?q={Uri.EscapeDataString(Hostile)}", "/console/coverage", "/console/audit", .. records.Select(record => $"/console/records/{record!["id"]}?body=true")];
    }

    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    /// <summary>WCAG 2.2, "relative luminance", of rgb(r, g, b).</summary>
    private static double Luminance(string color)
    {
        var parts = color[(color.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',').Take(3).Select(part => double.Parse(part, System.Globalization.CultureInfo.InvariantCulture) / 255)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * parts[0]) + (0.7152 * parts[1]) + (0.0722 * parts[2]);
    }
}
