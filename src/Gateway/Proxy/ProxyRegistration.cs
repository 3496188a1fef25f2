using System.Text;
using Gateway.Idempotency;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Telemetry;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy;

internal static class ProxyRegistration
{
    /// <summary>Below the shortest keep-alive in common use (Node.js: 5 s): a connection that the backend closes in the moment of a send is an unknown outcome.</summary>
    private static readonly TimeSpan PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4);

    public static IServiceCollection AddProtectedProxy(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRequestTimeouts();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<IRouteTable>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton<LiveConfiguration>();
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<LiveConfiguration>());
        services.AddSingleton<ITransformProvider>(provider => provider.GetRequiredService<LiveConfiguration>());
        services.AddSingleton<IAuthorizationPolicyProvider, LiveAuthorizationPolicies>();
        services.AddSingleton<ICorsPolicyProvider, LiveCorsPolicies>(); // first: YARP and ASP.NET Core add theirs where there is none
        services.AddReverseProxy()
            .LoadFromConfig(configuration.GetSection("ReverseProxy"))
            .AddTransformFactory<IdempotencyTransformFactory>()
            .ConfigureHttpClient(static (_, handler) =>
            {
                handler.PooledConnectionIdleTimeout = PooledConnectionIdleTimeout;

                // Byte for byte, also for header bytes beyond ASCII; the cluster's own setting goes first.
                handler.RequestHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
            });

        // Around YARP's own forwarder, whatever its type is called.
        var inner = services.Last(service => service.ServiceType == typeof(IHttpForwarder));
        services.Remove(inner);
        services.AddSingleton<IHttpForwarder>(provider => new IdempotentForwarder(
            (IHttpForwarder)ActivatorUtilities.CreateInstance(
                provider, inner.ImplementationType!, ActivatorUtilities.CreateInstance(provider, typeof(UnquotedLogger<>).MakeGenericType(inner.ImplementationType!))),
            provider.GetRequiredService<ILogger<IdempotentForwarder>>()));
        return services;
    }

    public static void MapProtectedProxy(this WebApplication app)
    {
        var catalog = app.Services.GetRequiredService<PolicyCatalog>();
        var traffic = app.Services.GetRequiredService<RouteTrafficCatalog>();
        app.MapReverseProxy(static proxy =>
        {
            proxy.UseMiddleware<IdempotencyMiddleware>();
            proxy.UseSessionAffinity();
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        }).ConfigureEndpoints((endpoint, route) =>
        {
            endpoint.WithMetadata(traffic.Of(route.RouteId));

            // Must not throw: YARP would then have replaced its routes and not its endpoints.
            if (LiveConfiguration.PolicyName(route) is { } policy)
            {
                endpoint.WithMetadata(new ProtectedRoute(route.RouteId, catalog.Handle(policy), route.MaxRequestBodySize, route.Timeout));
            }
        });
    }
}
