using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>The routes that YARP has in force: it tells of each set that it has applied, and of no other.</summary>
internal sealed class RouteTable : IRouteTable
{
    public IReadOnlyList<RouteEntry> Routes { get; private set; } = [];

    public static IReadOnlyList<RouteEntry> Entries(IEnumerable<RouteConfig> routes) => [.. routes.Select(Entry)];

    public void Apply(IReadOnlyList<IProxyConfig> configs) => Routes = Entries(configs.SelectMany(config => config.Routes));

    private static RouteEntry Entry(RouteConfig route)
    {
        var match = route.Match;
        IEnumerable<string> others = [.. match.Headers?.Select(header => $"header {header.Name}") ?? [], .. match.QueryParameters?.Select(parameter => $"query {parameter.Name}") ?? []];
        return new RouteEntry(route.RouteId, new RouteConditions(match.Hosts ?? [], match.Path, match.Methods ?? [], [.. others]), LiveConfiguration.PolicyName(route));
    }
}
