using Gateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace Gateway.Management;

/// <summary>
/// The listener for the platform team, on its own port (<c>Management:Url</c>). A server of its own: no route of the proxy can
/// shadow it, and nothing of it can be reached through the public listener, whatever <c>Host</c> header a client sends.
/// </summary>
internal sealed class ManagementListener(GatewaySettings settings, HealthReport health, ILoggerFactory loggers) : IHostedService
{
    private WebApplication? _app;

    /// <summary>Where it listens; with port 0 configured, the port that was given.</summary>
    public string? Address => _app?.Urls.FirstOrDefault();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "Gateway.Management", ContentRootPath = AppContext.BaseDirectory });

        // Nothing of the public listener's settings (URLs, Kestrel:Endpoints, files) may leak in here.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseUrls(settings.ManagementUrl.GetLeftPart(UriPartial.Authority));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        _app = builder.Build();
        _app.MapGet("/health/live", () => Results.Json(new { status = "live" }));
        _app.MapGet("/health/ready", () => health.Ready() is var ready && ready.IsReady ? Results.Json(ready) : Results.Json(ready, statusCode: StatusCodes.Status503ServiceUnavailable));
        await _app.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken);
            await _app.DisposeAsync();
        }
    }

    /// <summary>Signals are the gateway's to handle.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
