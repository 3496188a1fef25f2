using System.ComponentModel;
using System.Globalization;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;

namespace Gateway.Management;

/// <summary>Which routes that change something are protected, by the configuration in force, and the traffic that each had.</summary>
internal sealed class CoverageReport(IRouteTable routes, PolicyCatalog policies, RouteTrafficCatalog traffic)
{
    /// <summary>What records can be named after.</summary>
    public IReadOnlyList<string> Operations => [.. routes.With(policies.Current).Select(route => route.Operation).Distinct().Order(StringComparer.Ordinal)];

    public CoverageView Now()
    {
        var coverage = RouteCoverage.Of(routes.Routes, policies.Current);
        return new CoverageView(
            [.. coverage.Routes.Select(View)],
            coverage.Counts,
            string.Create(CultureInfo.InvariantCulture, $"{coverage.Counts.Protected} methods of routes protected, {coverage.Counts.Observed} observed, {coverage.Counts.Unprotected} unprotected, {coverage.Counts.Off} off"));
    }

    private CoveredRouteView View(CoveredRoute route)
    {
        var counted = traffic.Of(route.Route);
        return new CoveredRouteView(
            route.Route, route.Match.Text, route.Policy, route.KeyRequired, route.Methods,
            new TrafficView(counted.Protected, counted.Observed, counted.Unprotected, counted.UnprotectedWithKey));
    }
}

public sealed record CoverageView(IReadOnlyList<CoveredRouteView> Routes, [property: Description("Of methods of routes.")] CoverageCounts Counts, string Summary);

public sealed record CoveredRouteView(
    string Route,
    [property: Description("Hosts, path and conditions.")] string Match,
    string? Policy,
    [property: Description("False: a request without a key passes unprotected.")] bool? KeyRequired,
    IReadOnlyList<CoveredMethod> Methods,
    [property: Description("Requests of this gateway since its start.")] TrafficView Traffic);

public sealed record TrafficView(
    long Protected,
    long Observed,
    [property: Description("POST, PUT, PATCH and DELETE requests that no policy looked at, or without a key where none is required.")] long Unprotected,
    [property: Description("Those among them that carried an Idempotency-Key.")] long UnprotectedWithKey);
