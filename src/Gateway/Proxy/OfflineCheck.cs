using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>What a start would make of a configuration.</summary>
/// <param name="Coverage">Of the routes that could be read.</param>
internal sealed record OfflineReport(
    IReadOnlyList<ConfigurationFault> Faults, IReadOnlyList<ConfigurationFault> Warnings, GatewaySettings Settings, RouteCoverage Coverage, int Clusters);

/// <summary>
/// Looks at a configuration as a start does (<see cref="ConfigurationCheck"/>), without a server, a store or a log. It goes
/// further: keys that YARP would stumble over are told and cut away, and YARP is asked about the rest.
/// </summary>
internal static class OfflineCheck
{
    public static async Task<OfflineReport> RunAsync(IConfigurationRoot configuration)
    {
        var shape = RoutesShape.Check(configuration);
        var faults = shape.Concat(LoggingShape.Check(configuration)).ToList();
        var readable = Without(configuration, shape);
        var settings = GatewaySettings.Read(readable);
        await using var services = new ServiceCollection()
            .AddSingleton(readable)
            .AddSingleton(settings)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ConfigurationState>()
            .AddSingleton<PolicyCatalog>()
            .AddLogging()
            .AddRouting()
            .AddProtectedProxy(readable)
            .BuildServiceProvider();
        faults.AddRange((await ConfigurationCheck.FaultsAsync(services)).Where(fault => !shape.Exists(told => told.Place == fault.Place)));
        IProxyConfig[] configs = [];
        try
        {
            configs = [.. services.GetServices<IProxyConfigProvider>().Select(provider => provider.GetConfig())];
        }
        catch (Exception) when (faults.Count > 0)
        {
            // A value that YARP cannot convert: it has been told.
        }

        RouteConfig[] routes = [.. configs.SelectMany(config => config.Routes)];
        return new OfflineReport(
            [.. faults.Distinct()],
            [.. ConfigurationWarnings.Of(settings, settings.OperationTimeout, routes)],
            settings,
            RouteCoverage.Of(RouteTable.Entries(routes), settings.Policies),
            configs.Sum(config => config.Clusters.Count));
    }

    private static IConfiguration Without(IConfigurationRoot configuration, List<ConfigurationFault> faults)
    {
        var pairs = configuration.AsEnumerable()
            .Where(pair => !faults.Exists(fault => pair.Key.Equals(fault.Place, StringComparison.OrdinalIgnoreCase) || pair.Key.StartsWith($"{fault.Place}:", StringComparison.OrdinalIgnoreCase)))
            .ToList();

        // A route whose match was cut away would be told that it has none.
        foreach (var match in faults.Select(fault => fault.Place.Split(':')).Where(place => place is ["ReverseProxy", "Routes", _, "Match", ..]).Select(place => string.Join(':', place[..4])).Distinct())
        {
            if (!pairs.Exists(pair => pair.Key.StartsWith($"{match}:Path", StringComparison.OrdinalIgnoreCase) || pair.Key.StartsWith($"{match}:Hosts", StringComparison.OrdinalIgnoreCase)))
            {
                pairs.Add(new($"{match}:Path", "/{**told}"));
            }
        }

        return new ConfigurationBuilder().AddInMemoryCollection(pairs).Build();
    }
}
