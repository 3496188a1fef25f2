using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Benchmarks.Whole;

/// <summary>What stands behind the gateway, and what it is compared with. Each runs as a process of its own.</summary>
internal static class Servers
{
    public const string Backend = "serve-backend";
    public const string Yarp = "serve-yarp";

    /// <summary>Reads the body, then answers 201 with so many bytes of JSON as the path's last segment says.</summary>
    public static async Task<int> RunBackendAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var runs = 0L;
        var app = builder.Build();
        app.MapGet("/runs", () => Interlocked.Read(ref runs).ToString(CultureInfo.InvariantCulture));
        app.MapPost("/{route}/{size:int}", async (HttpContext context, int size) =>
        {
            var reader = context.Request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            Interlocked.Increment(ref runs);
            var answer = Answers.Of(size);
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.ContentType = "application/json";
            context.Response.Headers.Location = "/payments/4711";
            context.Response.ContentLength = answer.Length;
            await context.Response.Body.WriteAsync(answer);
        });
        var (held, letGo) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        app.MapGet("/held", () => Volatile.Read(ref held).ToString(CultureInfo.InvariantCulture));
        app.MapPost("/let-go", () => Interlocked.Exchange(ref letGo, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult());
        app.MapPost("/{route}/hold", async () =>
        {
            Interlocked.Increment(ref held);
            await letGo.Task;
            Interlocked.Decrement(ref held);
        });
        await app.RunAsync();
        return 0;
    }

    /// <summary>The gateway's proxy without the gateway, and with the same metrics.</summary>
    public static async Task<int> RunYarpAsync(string url, string backend)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new RouteMatch { Path = "/open/{**rest}" } }],
            [new ClusterConfig { ClusterId = "backend", Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = backend } } }]);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime")
            .AddPrometheusExporter());
        var app = builder.Build();
        app.MapPrometheusScrapingEndpoint();
        app.MapReverseProxy();
        await app.RunAsync();
        return 0;
    }
}

/// <summary>What the backend answers.</summary>
internal static class Answers
{
    private static readonly Dictionary<int, byte[]> Made = new() { [1024] = Make(1024), [65536] = Make(65536) };

    public static byte[] Of(int size) => Made[size];

    private static byte[] Make(int size)
    {
        const string Frame = """{"status":"PAID","receipt":""}""";
        return Encoding.UTF8.GetBytes($$"""{"status":"PAID","receipt":"{{new string('r', size - Frame.Length)}}"}""");
    }
}
