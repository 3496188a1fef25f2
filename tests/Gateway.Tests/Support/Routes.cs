using System.Text.Json.Nodes;

namespace Gateway.Tests.Support;

/// <summary>A routes file for tests: one protected catch-all route, and an unprotected one under <c>/open</c>.</summary>
internal static class Routes
{
    public const string Policy = "p";

    /// <param name="policy">Members of the policy, over <c>"Actor": [ "Shared" ]</c>.</param>
    /// <param name="route">Further members of the protected route.</param>
    /// <param name="cluster">Further members of the cluster.</param>
    /// <param name="idempotency">Further members of the <c>Idempotency</c> section.</param>
    public static JsonObject File(string backend, string policy = "{}", string route = "{}", string cluster = "{}", string idempotency = "{}", string store = "Memory") => new()
    {
        ["ReverseProxy"] = new JsonObject
        {
            ["Routes"] = new JsonObject
            {
                ["pay"] = With(
                    new JsonObject
                    {
                        ["ClusterId"] = "legacy",
                        ["Match"] = new JsonObject { ["Path"] = "/{**all}" },
                        ["Transforms"] = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = Policy }),
                    },
                    route),
                ["open"] = new JsonObject { ["ClusterId"] = "legacy", ["Match"] = new JsonObject { ["Path"] = "/open/{**all}" } },
            },
            ["Clusters"] = new JsonObject
            {
                ["legacy"] = With(new JsonObject { ["Destinations"] = new JsonObject { ["a"] = new JsonObject { ["Address"] = backend } } }, cluster),
            },
        },
        ["Idempotency"] = With(
            new JsonObject
            {
                ["Store"] = store,
                ["Policies"] = new JsonObject { [Policy] = With(new JsonObject { ["Actor"] = new JsonArray("Shared") }, policy) },
            },
            idempotency),
        ["Management"] = new JsonObject { ["Url"] = "http://127.0.0.1:0" },
    };

    private static JsonObject With(JsonObject target, string members)
    {
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject().ToList())
        {
            value?.Parent?.AsObject().Remove(name);
            target[name] = value;
        }

        return target;
    }
}
