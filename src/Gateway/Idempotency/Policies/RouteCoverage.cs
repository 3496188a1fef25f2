namespace Gateway.Idempotency.Policies;

/// <summary>Which mutating requests are protected: every route that takes one, method by method.</summary>
/// <param name="RouteCount">Of all routes, those too that take none.</param>
internal sealed record RouteCoverage(IReadOnlyList<CoveredRoute> Routes, CoverageCounts Counts, int RouteCount)
{
    /// <summary>Those that change something, by their meaning in HTTP.</summary>
    public static IReadOnlyList<string> MutatingMethods { get; } = ["POST", "PUT", "PATCH", "DELETE"];

    public int ProtectedRoutes => Routes.Count(route => route.Methods.Any(method => method.Coverage == Coverage.Protected));

    /// <param name="routes">Of the configuration at hand, or of the one in force.</param>
    public static RouteCoverage Of(IReadOnlyList<RouteEntry> routes, IReadOnlyDictionary<string, IdempotencyPolicy> policies)
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

    private static CoveredRoute Of(RouteEntry route, IReadOnlyDictionary<string, IdempotencyPolicy> policies)
    {
        var policy = route.Policy is { } name ? policies.GetValueOrDefault(name) : null;
        var limited = route.Match.Methods;
        var taken = limited.Count > 0 ? MutatingMethods.Where(method => limited.Contains(method, StringComparer.OrdinalIgnoreCase)) : MutatingMethods;
        return new CoveredRoute(
            route.RouteId,
            route.Match,
            route.Policy,
            policy?.Key.Required,
            [.. taken.Select(method => new CoveredMethod(method, Coverage.Of(policy, method)))]);
    }
}

/// <summary>One route that takes a mutating method.</summary>
/// <param name="Policy">The policy that it names; null: none.</param>
/// <param name="KeyRequired">False: a request without a key passes unprotected. Null: there is no policy.</param>
/// <param name="Methods">Those that it takes and that change something.</param>
public sealed record CoveredRoute(string Route, RouteConditions Match, string? Policy, bool? KeyRequired, IReadOnlyList<CoveredMethod> Methods);

public sealed record CoveredMethod(string Method, string Coverage);

/// <summary>Of methods of routes.</summary>
public sealed record CoverageCounts(int Protected, int Observed, int Off, int Unprotected);

/// <summary>The words for it, as people and programs read them.</summary>
internal static class Coverage
{
    public const string Protected = "protected";
    public const string Observed = "observed";
    public const string Off = "off";
    public const string Unprotected = "unprotected";

    public static string Of(IdempotencyPolicy? policy, string method) => policy is null || !policy.Methods.Contains(method)
        ? Unprotected
        : policy.Mode switch
        {
            PolicyMode.Enforce => Protected,
            PolicyMode.Observe => Observed,
            PolicyMode.Off => Off,
            var other => throw new InvalidOperationException($"Mode {other} has no word for its coverage."),
        };
}
