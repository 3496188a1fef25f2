using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;

namespace Gateway.Management;

/// <summary>Placeholder until merged.</summary>
internal sealed class CoverageReport(IRouteTable routes, PolicyCatalog policies, RouteTrafficCatalog traffic)
{
    public object Now() => new { routes = routes.Routes.Count, policies = policies.Current.Count, traffic = traffic.All.Count() };
}
