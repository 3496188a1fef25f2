namespace Gateway.Idempotency.Policies;

/// <summary>The routes that are in force, as far as anybody but the proxy needs to know.</summary>
internal interface IRouteTable
{
    IReadOnlyList<RouteEntry> Routes { get; }

    /// <summary>The routes that name a policy which is there, with it and with the operation that their records are of.</summary>
    IEnumerable<(RouteEntry Route, IdempotencyPolicy Policy, string Operation)> With(IReadOnlyDictionary<string, IdempotencyPolicy> policies)
    {
        foreach (var route in Routes)
        {
            if (route.Policy is { } name && policies.GetValueOrDefault(name) is { } policy)
            {
                yield return (route, policy, policy.OperationOn(route.RouteId));
            }
        }
    }
}

/// <param name="Policy">The policy's name; null: none.</param>
public sealed record RouteEntry(string RouteId, RouteConditions Match, string? Policy);

/// <summary>What a request has to look like for the route.</summary>
/// <param name="Methods">Empty: any.</param>
/// <param name="Others">Conditions on headers and the query string, by name.</param>
public sealed record RouteConditions(IReadOnlyList<string> Hosts, string? Path, IReadOnlyList<string> Methods, IReadOnlyList<string> Others)
{
    /// <summary>For people, on one line.</summary>
    public string Text
    {
        get
        {
            var text = $"{string.Join(',', Hosts)}{Path}";
            string[] conditions = [.. Methods.Count > 0 ? [string.Join(' ', Methods)] : (string[])[], .. Others];
            return conditions.Length == 0 ? text : $"{text} ({string.Join("; ", conditions)})";
        }
    }
}
