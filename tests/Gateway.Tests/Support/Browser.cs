using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Gateway.Tests.Support;

/// <summary>The machine's own Chromium, headless, with a profile of its own. No browser is ever downloaded.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Null: there is none.</summary>
    public static string? Executable { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => (string[])["chromium", "chromium-browser", "google-chrome"], Path.Combine).FirstOrDefault(File.Exists);

    public async Task InitializeAsync()
    {
        if (NeedsChromiumAttribute.Missing is not null)
        {
            return; // its tests are skipped
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Executable ?? throw new InvalidOperationException("chromium is not installed (Debian: apt-get install chromium)."),
            Headless = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A window of its own: no cookie and no storage of another.</summary>
    internal async Task<BrowserWindow> OpenAsync(TestGateway gateway, int width = 1280, ColorScheme colors = ColorScheme.Light, bool javaScript = true)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = gateway.Management.ToString(),
            ViewportSize = new() { Width = width, Height = 800 },
            ColorScheme = colors,
            JavaScriptEnabled = javaScript,
            ReducedMotion = ReducedMotion.Reduce, // no colour is looked at on its way
        });
        context.SetDefaultTimeout((float)Bounded.Limit.TotalMilliseconds);
        return new BrowserWindow(context, await context.NewPageAsync());
    }
}

/// <summary>A window in which nothing may go wrong: whatever the page's console tells, a script that fails, a dialog that opens.</summary>
internal sealed class BrowserWindow : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _troubles = [];

    public BrowserWindow(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _troubles.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _troubles.Enqueue(error);
        page.Dialog += async (_, dialog) =>
        {
            _troubles.Enqueue($"A dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    /// <summary>What the page's console may tell in this story.</summary>
    public string? Expected { get; set; }

    public async Task GoAsync(string path)
    {
        var answer = await Page.GotoAsync(path);
        Assert.True(answer!.Ok, $"{path}: {answer.Status}");
    }

    public ILocator Main => Page.Locator("main");

    /// <summary>Waits until it is there.</summary>
    public Task SeeAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.DoesNotContain(_troubles, trouble => Expected is null || !trouble.Contains(Expected, StringComparison.Ordinal));
    }
}
