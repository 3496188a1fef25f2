using System.Text.Json.Nodes;

namespace Gateway.Benchmarks.Whole;

/// <summary>Everything that takes part, all of it running at once: the backend, plain YARP, Redis, and a gateway for each store.</summary>
internal sealed class BenchSite : IDisposable
{
    public static readonly string[] Stores = ["Memory", "Sqlite", "Redis"];

    private readonly BenchOptions _options;
    private readonly List<BenchServer> _servers = [];

    private string _redis = "";

    private BenchSite(BenchOptions options) => _options = options;

    private static string Self => typeof(BenchSite).Assembly.Location;

    public BenchServer Backend { get; private set; } = null!;

    public BenchServer Yarp => Yarps[0];

    public List<BenchServer> Yarps { get; } = [];

    public BenchServer Redis { get; private set; } = null!;

    public Dictionary<string, BenchServer> Gateways { get; } = [];

    public static Task<BenchSite> StartAsync(BenchOptions options) => StartAsync(options, async site =>
    {
        site.Yarps.Add(await site.StartYarpAsync("yarp"));
        foreach (var store in Stores)
        {
            site.Gateways[store] = await site.StartGatewayAsync(store, store);
        }
    });

    /// <summary>Several processes of plain YARP and of the gateway: two of the same program differ by more than what is looked for.</summary>
    public static Task<BenchSite> StartIdleAsync(BenchOptions options, int copies) => StartAsync(options, async site =>
    {
        for (var i = 1; i <= copies; i++)
        {
            site.Yarps.Add(await site.StartYarpAsync($"yarp-{i}"));
            site.Gateways[$"gateway-{i}"] = await site.StartGatewayAsync($"gateway-{i}", "Memory");
        }
    });

    private static async Task<BenchSite> StartAsync(BenchOptions options, Func<BenchSite, Task> startOthers)
    {
        var site = new BenchSite(options);
        try
        {
            site.Backend = await site.StartAsync("backend", "dotnet", [Self, Servers.Backend, "http://127.0.0.1:0"]);
            (site.Redis, site._redis) = await BenchServer.StartRedisAsync(options);
            site._servers.Add(site.Redis);
            await startOthers(site);
            return site;
        }
        catch
        {
            site.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Dispose();
        }
    }

    private Task<BenchServer> StartYarpAsync(string name) => StartAsync(name, "dotnet", [Self, Servers.Yarp, "http://127.0.0.1:0", Backend.Address.ToString()]);

    private async Task<BenchServer> StartGatewayAsync(string name, string store)
    {
        var routes = Path.Combine(_options.Folder.FullName, $"{name}.json");
        await File.WriteAllTextAsync(routes, Routes(name, store, Backend.Address, _redis));
        return await StartAsync(name, "dotnet", [_options.Gateway, "--urls", "http://127.0.0.1:0", "--routes", routes]);
    }

    private async Task<BenchServer> StartAsync(string name, string program, string[] arguments)
    {
        var server = await BenchServer.StartAsync(name, _options, program, arguments);
        _servers.Add(server);
        return server;
    }

    private static string Routes(string name, string store, Uri backend, string redis) => new JsonObject
    {
        ["ReverseProxy"] = new JsonObject
        {
            ["Routes"] = new JsonObject
            {
                ["pay"] = new JsonObject
                {
                    ["ClusterId"] = "backend",
                    ["Match"] = new JsonObject { ["Path"] = "/pay/{**rest}" },
                    ["Transforms"] = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = "pay" }),
                },
                ["open"] = new JsonObject { ["ClusterId"] = "backend", ["Match"] = new JsonObject { ["Path"] = "/open/{**rest}" } },
            },
            ["Clusters"] = new JsonObject { ["backend"] = new JsonObject { ["Destinations"] = new JsonObject { ["a"] = new JsonObject { ["Address"] = backend.ToString() } } } },
        },
        ["Idempotency"] = new JsonObject
        {
            ["Store"] = store,
            ["Policies"] = new JsonObject { ["pay"] = new JsonObject { ["Actor"] = new JsonArray("Shared"), ["Deadline"] = "00:05:00" } },
            ["Stores"] = new JsonObject
            {
                ["Sqlite"] = new JsonObject { ["Path"] = $"{name}.db" },
                [nameof(Redis)] = new JsonObject { ["Configuration"] = redis },
                ["Spool"] = new JsonObject { ["Path"] = $"{name}-spool.db" },
            },
        },
        ["Management"] = new JsonObject { ["Url"] = "http://127.0.0.1:0", ["AuditLog"] = $"{name}-audit.jsonl" },
    }.ToJsonString();
}
