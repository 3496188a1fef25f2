using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Gateway.Management;
using Gateway.Proxy;
using Gateway.Stores;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Yarp.ReverseProxy.Configuration;

namespace Gateway;

/// <summary>Says, once the gateway runs, what it protects and where it listens.</summary>
internal sealed partial class StartupReport(
    IServer server,
    ManagementListener management,
    GatewaySettings settings,
    PolicyCatalog policies,
    IEnumerable<IProxyConfigProvider> routes,
    StoreDescription store,
    IHostApplicationLifetime lifetime,
    ILogger<StartupReport> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Report);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Report()
    {
        if (settings.Store == StoreKind.Memory)
        {
            StoreLog.MemoryStoreForgets(logger);
        }

        Running(
            logger,
            string.Join(", ", server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []),
            management.Address,
            store.Text,
            string.Concat(routes.SelectMany(provider => provider.GetConfig().Routes).Select(Describe)));
    }

    private string Describe(RouteConfig route)
    {
        var match = $"{Environment.NewLine}  {route.RouteId,-20} {route.Match.Path ?? string.Join(", ", route.Match.Hosts ?? [])}";
        return LiveConfiguration.PolicyName(route) is { } name && policies.Current.TryGetValue(name, out var policy)
            ? policy.Mode == PolicyMode.Off
                ? $"{match}: policy {name} is off"
                : $"{match}: {string.Join(", ", policy.Methods.Order(StringComparer.Ordinal))} {(policy.IsObserved ? "observed" : "protected")} by policy {name}"
            : $"{match}: not protected";
    }

    [LoggerMessage(1, LogLevel.Information, "The gateway listens on {Addresses}; management on {Management}; store {Store}. Routes:{Routes}", EventName = "Running")]
    private static partial void Running(ILogger logger, string addresses, string? management, string store, string routes);
}

/// <summary>The store for people: its kind and where it is. No secrets.</summary>
/// <param name="Records">Which records those are, by names that outlive a change of hosts (a fail-over, a new end point).</param>
internal sealed record StoreDescription(string Text, string Records);
