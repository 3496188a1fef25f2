using System.Text.Json.Nodes;

namespace Gateway.Benchmarks.Whole;

/// <summary>Everything that takes part, all of it running at once: the backend, plain YARP, Redis, and a gateway for each store.</summary>
internal sealed class BenchSite : IDisposable
{
    public static readonly string[] Stores = ["Memory", "Sqlite", "Redis"];

    private readonly BenchOptions _options;
    private readonly List<BenchServer> _servers = [];

    private BenchSite(BenchOptions options) => _options = options;

    public BenchServer Backend { get; private set; } = null!;

    public BenchServer Yarp { get; private set; } = null!;

    public BenchServer Redis { get; private set; } = null!;

    public Dictionary<string, BenchServer> Gateways { get; } = [];

    public static async Task<BenchSite> StartAsync(BenchOptions options)
    {
        var site = new BenchSite(options);
        try
        {
            var self = typeof(BenchSite).Assembly.Location;
            site.Backend = await site.StartAsync("backend", "dotnet", [self, Servers.Backend, "http://127.0.0.1:0"]);
            site.Yarp = await site.StartAsync("yarp", "dotnet", [self, Servers.Yarp, "http://127.0.0.1:0", site.Backend.Address.ToString()]);
            (site.Redis, var redis) = await BenchServer.StartRedisAsync(options);
            site._servers.Add(site.Redis);
            foreach (var store in Stores)
            {
                var routes = Path.Combine(options.Folder.FullName, $"{store}.json");
                await File.WriteAllTextAsync(routes, Routes(store, site.Backend.Address, redis));
                site.Gateways[store] = await site.StartAsync(store, "dotnet", [options.Gateway, "--urls", "http://127.0.0.1:0", "--routes", routes]);
            }

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

    private async Task<BenchServer> StartAsync(string name, string program, string[] arguments)
    {
        var server = await BenchServer.StartAsync(name, _options, program, arguments);
        _servers.Add(server);
        return server;
    }

    private static string Routes(string store, Uri backend, string redis) => new JsonObject
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
                ["Sqlite"] = new JsonObject { ["Path"] = $"{store}.db" },
                [nameof(Redis)] = new JsonObject { ["Configuration"] = redis },
                ["Spool"] = new JsonObject { ["Path"] = $"{store}-spool.db" },
            },
        },
        ["Management"] = new JsonObject { ["Url"] = "http://127.0.0.1:0", ["AuditLog"] = $"{store}-audit.jsonl" },
    }.ToJsonString();
}
