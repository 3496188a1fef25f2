using System.Net;
using System.Text.Json.Nodes;
using Gateway.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Support;

/// <summary>The real gateway in this process: real Kestrel on a free port, a routes file of its own.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private bool _isStopped;

    private TestGateway(WebApplication app, DirectoryInfo folder, CapturedLog log)
    {
        (_app, _folder, Log) = (app, folder, log);
        Address = new Uri(app.Urls.First());
        Client = NewClient();
    }

    public Uri Address { get; }

    public Uri Management => new(_app.Services.GetRequiredService<ManagementListener>().Address!);

    public HttpClient Client { get; }

    public CapturedLog Log { get; }

    public IServiceProvider Services => _app.Services;

    public string RoutesPath => Path.Combine(_folder.FullName, "routes.json");

    public static Task<TestGateway> StartAsync(
        string backend,
        string policy = "{}",
        string route = "{}",
        string cluster = "{}",
        string idempotency = "{}",
        string store = "Memory",
        HttpProtocols protocols = HttpProtocols.Http1,
        Action<WebApplicationBuilder>? configure = null) =>
        StartAsync(Routes.File(backend, policy, route, cluster, idempotency, store), protocols, configure);

    public static async Task<TestGateway> StartAsync(JsonObject routes, HttpProtocols protocols = HttpProtocols.Http1, Action<WebApplicationBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-test-");
        var log = new CapturedLog();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "routes.json"), routes.ToJsonString());
            var app = await Program.BuildAsync(["--urls", "http://127.0.0.1:0", "--routes", Path.Combine(folder.FullName, "routes.json")], builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = protocols));
                configure?.Invoke(builder);
            });
            await app.StartAsync();
            return new TestGateway(app, folder, log);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>A client with connections of its own.</summary>
    public HttpClient NewClient(Version? version = null) => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = Address,
        Timeout = Bounded.Limit,
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async Task StopAsync()
    {
        _isStopped = true;
        await _app.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_isStopped)
        {
            await _app.StopAsync();
        }

        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
