using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>Which mutating requests are protected: every route that takes one, method by method.</summary>
/// <param name="RouteCount">Of all routes, those too that take none.</param>
internal sealed record RouteCoverage(IReadOnlyList<CoveredRoute> Routes, CoverageCounts Counts, int RouteCount)
{
    /// <summary>Those that change something, by their meaning in HTTP.</summary>
    public static IReadOnlyList<string> MutatingMethods { get; } = ["POST", "PUT", "PATCH", "DELETE"];

    public int ProtectedRoutes => Routes.Count(route => route.Methods.Any(method => method.Coverage == Coverage.Protected));

    /// <param name="routes">As YARP has them: of the configuration at hand, or of the one in force.</param>
    public static RouteCoverage Of(IReadOnlyList<RouteConfig> routes, IReadOnlyDictionary<string, IdempotencyPolicy> policies)
    {
        var covered = routes.Select(route => Of(route, policies)).Where(route => route.Methods.Count > 0).ToList();
        var counts = covered.SelectMany(route => route.Methods).CountBy(method => method.Coverage).ToDictionary();
        return new RouteCoverage(
            covered,
            new CoverageCounts(
                counts.GetValueOrDefault(Coverage.Protected),
                counts.GetValueOrDefault(Coverage.Observed),
                counts.GetValueOrDefault(Coverage.Off),
                counts.GetValueOrDefault(Coverage.Unprotected)),
            routes.Count);
    }

    private static CoveredRoute Of(RouteConfig route, IReadOnlyDictionary<string, IdempotencyPolicy> policies)
    {
        var name = LiveConfiguration.PolicyName(route);
        var policy = name is null ? null : policies.GetValueOrDefault(name);
        var match = route.Match;
        var taken = match.Methods is { Count: > 0 } limited ? MutatingMethods.Where(method => limited.Contains(method, StringComparer.OrdinalIgnoreCase)) : MutatingMethods;
        IEnumerable<string> others = [.. match.Headers?.Select(header => $"header {header.Name}") ?? [], .. match.QueryParameters?.Select(parameter => $"query {parameter.Name}") ?? []];
        return new CoveredRoute(
            route.RouteId,
            new RouteConditions(match.Hosts ?? [], match.Path, match.Methods ?? [], [.. others]),
            name,
            policy?.Key.Required,
            [.. taken.Select(method => new CoveredMethod(method, Coverage.Of(policy, method)))]);
    }
}

/// <summary>One route that takes a mutating method.</summary>
/// <param name="Policy">The policy that it names; null: none.</param>
/// <param name="KeyRequired">False: a request without a key passes unprotected. Null: there is no policy.</param>
/// <param name="Methods">Those that it takes and that change something.</param>
internal sealed record CoveredRoute(string Route, RouteConditions Match, string? Policy, bool? KeyRequired, IReadOnlyList<CoveredMethod> Methods);

/// <summary>What a request has to look like for the route.</summary>
/// <param name="Methods">Empty: any.</param>
/// <param name="Others">Conditions on headers and the query string, by name.</param>
internal sealed record RouteConditions(IReadOnlyList<string> Hosts, string? Path, IReadOnlyList<string> Methods, IReadOnlyList<string> Others);

internal sealed record CoveredMethod(string Method, string Coverage);

/// <summary>Of methods of routes.</summary>
internal sealed record CoverageCounts(int Protected, int Observed, int Off, int Unprotected);

/// <summary>The words for it, as people and programs read them.</summary>
internal static class Coverage
{
    public const string Protected = "protected";
    public const string Observed = "observed";
    public const string Off = "off";
    public const string Unprotected = "unprotected";

    public static string Of(IdempotencyPolicy? policy, string method) => policy is null || !policy.Methods.Contains(method)
        ? Unprotected
        : policy.Mode.ToString() switch
        {
            nameof(PolicyMode.Enforce) => Protected,
            "Observe" => Observed,
            nameof(PolicyMode.Off) => Off,
            var other => throw new InvalidOperationException($"Mode {other} has no word for its coverage."),
        };
}
