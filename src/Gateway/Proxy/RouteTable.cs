using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>The routes that YARP has in force: it tells of each set that it has applied, and of no other.</summary>
internal sealed class RouteTable : IRouteTable
{
    public IReadOnlyList<RouteEntry> Routes { get; private set; } = [];

    public void Apply(IReadOnlyList<IProxyConfig> configs) => Routes = [.. configs.SelectMany(config => config.Routes).Select(Entry)];

    private static RouteEntry Entry(RouteConfig route) => new(
        route.RouteId, route.Match.Path, route.Match.Hosts ?? [], route.Match.Methods ?? [], LiveConfiguration.PolicyName(route));
}
