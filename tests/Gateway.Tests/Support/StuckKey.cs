using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;

namespace Gateway.Tests.Support;

/// <summary>The story that the admin API is for: the backend resets the first request with key <c>k</c>, and nobody knows whether it was paid.</summary>
internal sealed class StuckKey : IAsyncDisposable
{
    private StuckKey(RawBackend backend, TestGateway gateway) => (Backend, Gateway, Admin) = (backend, gateway, new Admin(gateway));

    public RawBackend Backend { get; }

    public TestGateway Gateway { get; }

    public Admin Admin { get; }

    /// <summary>Where the changes are written down.</summary>
    public string AuditPath => Path.Combine(Path.GetDirectoryName(Gateway.RoutesPath)!, "data", "audit.jsonl");

    /// <param name="management">Further members of the <c>Management</c> section.</param>
    public static async Task<StuckKey> StartAsync(string policy = "{}", string store = "Memory", Action<WebApplicationBuilder>? configure = null, string key = "k", params (string Name, string Value)[] management)
    {
        var backend = RawBackend.Start(async (connection, request) =>
        {
            if (request.Header("X-Reset") is not null)
            {
                connection.Reset();
                return;
            }

            await connection.AnswerAsync("paid");
        });
        var routes = Routes.File(backend.Address, policy, store: store);
        foreach (var (name, value) in management)
        {
            routes["Management"]![name] = value;
        }

        var stuck = new StuckKey(backend, await TestGateway.StartAsync(routes, configure: configure));
        using var lost = await stuck.LoseAsync(key);
        await lost.ShouldBeAsync(502, "outcome-unknown");
        return stuck;
    }

    /// <summary>A request that the backend resets.</summary>
    public Task<HttpResponseMessage> LoseAsync(string key)
    {
        var request = Requests.Post(key);
        request.Headers.Add("X-Reset", "1"); // not a part of the fingerprint
        return Gateway.Client.SendAsync(request);
    }

    public Task<JsonNode> RecordAsync() => Admin.RecordAsync();

    /// <summary>The audit log's lines.</summary>
    public IReadOnlyList<JsonNode> Audit() => File.Exists(AuditPath) ? [.. File.ReadAllLines(AuditPath).Select(line => JsonNode.Parse(line)!)] : [];

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await Gateway.DisposeAsync();
        await Backend.DisposeAsync();
    }
}
