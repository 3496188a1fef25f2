using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.CrashTest.Site;

/// <summary>
/// What a gateway is configured to, in one of several ways that mean the same to clients: reloads switch between them. A route
/// whose unknown outcomes are held, and one for backends that are idempotent themselves.
/// </summary>
internal sealed record RoutesFile(int Variant)
{
    /// <summary>The shortest there is: a frozen gateway outlasts it, and others take over what it still holds (under <c>Retry</c>).</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(1.5);

    /// <summary>Of a duplicate, under the variants that let it wait.</summary>
    public static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(1);

    public const string Hold = "/payments";
    public const string Retry = "/again/payments";
    public const string ActorHeader = "X-Client";
    public const int LargestAnswer = 4096;
    public const int Variants = 4;

    public static readonly RoutesFile First = new(0);

    /// <summary>A file that is refused.</summary>
    public static readonly RoutesFile Faulty = new(-1);

    public string Build(int backendPort, string store, JsonObject section, TimeSpan operationTimeout, string spoolPath, string keyFolder)
    {
        var file = new JsonObject
        {
            ["ReverseProxy"] = new JsonObject
            {
                ["Routes"] = new JsonObject
                {
                    ["hold"] = Route($"{Hold}/{{**rest}}", "hold"),
                    ["retry"] = Route($"{Retry}/{{**rest}}", "retry", new JsonObject { ["PathRemovePrefix"] = "/again" }),
                },
                ["Clusters"] = new JsonObject
                {
                    ["legacy"] = new JsonObject { ["Destinations"] = new JsonObject { ["a"] = new JsonObject { ["Address"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{backendPort}/") } } },
                },
            },
            ["Idempotency"] = new JsonObject
            {
                ["Store"] = store,
                ["Policies"] = new JsonObject { ["hold"] = Policy("Hold"), ["retry"] = Policy("Retry") },
                ["Stores"] = new JsonObject
                {
                    [store] = section,
                    ["OperationTimeout"] = operationTimeout.ToString("c"),
                    ["CompletionTimeout"] = CompletionTimeout.ToString("c"),
                    ["Spool"] = new JsonObject { ["Path"] = spoolPath },
                },
                ["DataProtection"] = new JsonObject { ["KeyFolder"] = keyFolder },
            },
            ["Management"] = new JsonObject { ["Url"] = "http://127.0.0.1:0" },
        };

        if (Variant == 1)
        {
            file["ReverseProxy"]!["Routes"]!["open"] = new JsonObject { ["ClusterId"] = "legacy", ["Match"] = new JsonObject { ["Path"] = "/ledger" } };
        }

        var text = file.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        return Variant < 0 ? text[..(text.Length / 2)] : text;
    }

    private JsonObject Policy(string outcomeUnknown) => new()
    {
        ["Actor"] = new JsonArray($"Header:{ActorHeader}"),
        ["OutcomeUnknown"] = outcomeUnknown,
        ["Lease"] = (Variant == 2 ? Lease * 1.5 : Lease).ToString("c"),
        ["Deadline"] = (Variant == 3 ? Deadline * 0.9 : Deadline).ToString("c"),
        ["MaxResponseBodySize"] = LargestAnswer,
        ["InProgress"] = Variant is 1 or 3 ? "Wait" : "Reject",
        ["WaitTimeout"] = WaitTimeout.ToString("c"),
        ["EncryptAnswers"] = Variant is 2 or 3,
    };

    private static JsonObject Route(string path, string policy, JsonObject? transform = null)
    {
        var transforms = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = policy });
        if (transform is not null)
        {
            transforms.Add(transform);
        }

        return new JsonObject { ["ClusterId"] = "legacy", ["Match"] = new JsonObject { ["Path"] = path }, ["Transforms"] = transforms };
    }
}
