using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>Looks at the whole configuration, ours and YARP's, and collects every fault.</summary>
internal static class ConfigurationCheck
{
    public static async Task<IReadOnlyList<ConfigurationFault>> FaultsAsync(IServiceProvider services)
    {
        var faults = new List<ConfigurationFault>(RoutesShape.Check(services.GetRequiredService<IConfiguration>()));
        faults.AddRange(services.GetRequiredService<LiveConfiguration>().Candidate.Faults);
        if (faults.Exists(fault => fault.Place.StartsWith("ReverseProxy", StringComparison.Ordinal)))
        {
            return faults; // YARP would stumble over the same
        }

        var validator = services.GetRequiredService<IConfigValidator>();
        var errors = new List<ConfigurationFault>();
        try
        {
            foreach (var config in services.GetServices<IProxyConfigProvider>().Select(provider => provider.GetConfig()))
            {
                foreach (var route in config.Routes)
                {
                    errors.AddRange((await validator.ValidateRouteAsync(route)).SelectMany(error => ProxyFaults.Of(error, $"ReverseProxy:Routes:{route.RouteId}")));
                }

                foreach (var cluster in config.Clusters)
                {
                    errors.AddRange((await validator.ValidateClusterAsync(cluster)).SelectMany(error => ProxyFaults.Of(error, $"ReverseProxy:Clusters:{cluster.ClusterId}")));
                }
            }
        }
        catch (Exception e)
        {
            errors.AddRange(ProxyFaults.Of(e)); // a value that YARP cannot convert
        }

        return [.. faults.Concat(errors).Distinct()];
    }
}
