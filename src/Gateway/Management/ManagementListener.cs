using System.Text.Json.Serialization;
using Gateway.Configuration;
using Gateway.Idempotency.Observation;
using Gateway.Management.Pages;
using Gateway.Management.Records;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Metrics;

namespace Gateway.Management;

/// <summary>
/// The listener for the platform team, on its own port (<c>Management:Url</c>): health, metrics, the admin API and the console. A
/// server of its own: no route of the proxy can shadow it, and nothing of it can be reached through the public listener,
/// whatever <c>Host</c> header a client sends.
/// </summary>
internal sealed class ManagementListener(GatewaySettings settings, IServiceProvider gateway, ILoggerFactory loggers) : IHostedService
{
    private const string ApiDocument = "admin";

    private WebApplication? _app;

    /// <summary>Where it listens; with port 0 configured, the port that was given.</summary>
    public string? Address => _app?.Urls.FirstOrDefault();

    /// <summary>Everything that is mapped there.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(ManagementListener).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });

        // Nothing of the public listener's settings (URLs, Kestrel:Endpoints, files) may leak in here.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseUrls(settings.ManagementUrl.GetLeftPart(UriPartial.Authority));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        Share<TimeProvider>(builder.Services);
        Share<HealthReport>(builder.Services);
        Share<Overview>(builder.Services);
        Share<CoverageReport>(builder.Services);
        Share<FigureHistory>(builder.Services);
        Share<RecordSearch>(builder.Services);
        Share<RecordDetails>(builder.Services);
        Share<RecordChanges>(builder.Services);
        Share<AuditLog>(builder.Services);
        builder.Services.AddSingleton(new ManagementKey(settings.ManagementApiKey));
        builder.Services.AddOpenApi(ApiDocument, AdminApiDocument.Describe);
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict); // a number is a number, and the document says so
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true); // to say what is wrong, not 400 alone
        builder.Services.AddConsole();

        _app = builder.Build();
        _app.UseMiddleware<ManagementErrors>();
        _app.UseStatusCodePages();
        _app.UseMiddleware<ManagementAccess>();
        _app.MapGet("/health/live", () => Results.Json(new { status = "live" })).ExcludeFromDescription();
        _app.MapGet("/health/ready", (HealthReport health) => health.Ready() is var ready && ready.IsReady ? Results.Json(ready) : Results.Json(ready, statusCode: StatusCodes.Status503ServiceUnavailable)).ExcludeFromDescription();
        _app.MapPrometheusScrapingEndpoint("/metrics", gateway.GetService<MeterProvider>(), configureBranchedPipeline: null, optionsName: null).ExcludeFromDescription();
        _app.MapOpenApi("/openapi/{documentName}.json");
        var admin = _app.MapGroup("/admin");
        admin.MapGroup("").WithTags("Records").MapRecords();
        admin = admin.MapGroup("").WithTags("Gateway");
        admin.MapGet("/overview", (Overview overview) => overview.Now()).WithName("Overview").WithSummary("What an operator looks at first");
        admin.MapGet("/coverage", (CoverageReport coverage) => coverage.Now()).WithName("Coverage").WithSummary("Which routes that change something are protected, and how much traffic each had at this gateway");
        admin.MapGet("/audit", (AuditLog audit) => audit.Latest(AuditLog.Shown)).WithName("Audit").WithSummary($"The latest changes by operators at this gateway, {AuditLog.Shown} at most, newest first");
        _app.MapConsole();
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

    /// <summary>One of the gateway's, not one more.</summary>
    private void Share<T>(IServiceCollection services)
        where T : class => services.AddSingleton(gateway.GetRequiredService<T>());

    /// <summary>Signals are the gateway's to handle.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
