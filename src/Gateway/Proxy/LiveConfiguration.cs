using System.Collections.Frozen;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy;

/// <summary>
/// Keeps routes and policies in step. YARP validates each new set (and with it, here, the policies), applies the routes or
/// refuses them all, and tells; the policies follow its verdict.
/// </summary>
internal sealed class LiveConfiguration(IConfiguration configuration, GatewaySettings atStart, PolicyCatalog catalog, RouteTable routes, ConfigurationState state, ILogger<LiveConfiguration> logger)
    : ITransformProvider, IConfigChangeListener
{
    private readonly Lock _gate = new();
    private GatewaySettings? _candidate;
    private List<string> _clusters = [];
    private bool _faultsTold;
    private volatile FrozenDictionary<string, AuthorizationPolicy> _authorization = FrozenDictionary<string, AuthorizationPolicy>.Empty;
    private volatile FrozenDictionary<string, CorsPolicy> _cors = FrozenDictionary<string, CorsPolicy>.Empty;
    private Microsoft.Extensions.Primitives.IChangeToken? _read;

    /// <summary>What the configuration says now: read anew after each change of any source.</summary>
    public GatewaySettings Candidate
    {
        get
        {
            lock (_gate)
            {
                if (_candidate is null || _read!.HasChanged)
                {
                    _read = configuration.GetReloadToken();
                    _candidate = GatewaySettings.Read(configuration);
                    _clusters = [.. configuration.GetSection("ReverseProxy:Clusters").GetChildren().Select(cluster => cluster.Key)];
                    _faultsTold = false;
                }

                return _candidate;
            }
        }
    }

    /// <summary>See <see cref="PolicyCatalog.Prime"/>.</summary>
    public void Prime(string name)
    {
        if (Candidate.Policies.TryGetValue(name, out var policy))
        {
            catalog.Prime(policy);
        }
    }

    /// <summary>
    /// The CORS policy of that name that is in force. One that is new is taken from the candidate: its route becomes reachable a
    /// moment before the configuration counts as applied.
    /// </summary>
    public CorsPolicy? Cors(string name) => _cors.GetValueOrDefault(name) ?? Candidate.Cors.GetValueOrDefault(name);

    /// <summary>The authorization policy of that name that is in force; a new one as with <see cref="Cors"/>.</summary>
    public AuthorizationPolicy? Authorization(string name) => _authorization.GetValueOrDefault(name) ?? Candidate.Authorization.GetValueOrDefault(name);

    /// <summary>A policy may be faulty without a route that names it: its faults are told with the first route that is looked at.</summary>
    public void ValidateRoute(TransformRouteValidationContext context)
    {
        var candidate = Candidate;
        if (!_faultsTold && candidate.Faults.Count > 0)
        {
            _faultsTold = true;
            context.Errors.Add(new ConfigurationFaultException(candidate.Faults));
        }

        // YARP takes such a route and answers 503 on it.
        var route = context.Route;
        var clusters = _clusters; // of the candidate: listing them walks the whole configuration, once is enough for all routes
        if (!clusters.Contains(route.ClusterId ?? "", StringComparer.OrdinalIgnoreCase))
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:ClusterId", $"names the cluster '{route.ClusterId}', which is not there.",
                Spelling.Nearest(route.ClusterId ?? "", clusters) is { } near ? $"Did you mean '{near}'?" : "Add it under ReverseProxy:Clusters.")]));
        }

        var authorization = route.AuthorizationPolicy is { Length: > 0 } named ? named : AuthorizationReader.Anonymous;
        if (!AuthorizationReader.IsYarps(authorization) && !candidate.Authorization.ContainsKey(authorization))
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:AuthorizationPolicy", $"names the authorization policy '{authorization}', which is not there.",
                Spelling.Nearest(authorization, candidate.Authorization.Keys) is { } close ? $"Did you mean '{close}'?" : "Add it under Authorization:Policies.")]));
        }

        // One that is not made at start would throw on every request.
        foreach (var scheme in candidate.Authorization.GetValueOrDefault(authorization)?.AuthenticationSchemes.Where(scheme => !atStart.Schemes.ContainsKey(scheme)) ?? [])
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:AuthorizationPolicy", $"leads to the scheme '{scheme}', which was not there when the gateway started.", "Start it anew: Authentication is read at start.")]));
        }

        if (authorization.Equals(AuthorizationReader.Default, StringComparison.OrdinalIgnoreCase) && atStart.Schemes.Count == 0)
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:AuthorizationPolicy", "asks for authenticated callers, and there was no way to be one when the gateway started.", "Add one under Authentication:Schemes, and start it anew.")]));
        }

        if (authorization.Equals(AuthorizationReader.Anonymous, StringComparison.OrdinalIgnoreCase) && PolicyName(route) is { } policyName
            && candidate.Policies.GetValueOrDefault(policyName) is { Actor.NeedsAuthentication: true, Mode: not PolicyMode.Off })
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:AuthorizationPolicy", $"is missing, and its policy '{policyName}' tells callers apart by a claim: nobody would have one.",
                "Name a policy of Authorization:Policies, or Default for every authenticated caller.")]));
        }

        if (route.CorsPolicy is { Length: > 0 } cors && !cors.Equals(CorsReader.Disable, StringComparison.OrdinalIgnoreCase) && !candidate.Cors.ContainsKey(cors))
        {
            context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(
                $"ReverseProxy:Routes:{route.RouteId}:CorsPolicy", $"names the CORS policy '{cors}', which is not there.",
                Spelling.Nearest(cors, candidate.Cors.Keys) is { } meant ? $"Did you mean '{meant}'?" : $"Add it under Cors:Policies, or write {CorsReader.Disable}.")]));
        }
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) => Refuse(exception);

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
        lock (_gate)
        {
            _candidate = null; // its faults have been told; the next set tells its own
        }

        Refuse(exception);
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        var candidate = Candidate;
        if (candidate.Faults.Count > 0)
        {
            return; // no route has looked at it: nothing is protected, and nothing may change silently
        }

        catalog.Apply(candidate.Policies);
        _cors = candidate.Cors;
        _authorization = candidate.Authorization;
        routes.Apply(proxyConfigs);
        state.Applied();
        ProxyLog.ConfigurationApplied(logger, candidate.Policies.Count == 0 ? "none" : string.Join(", ", candidate.Policies.Keys.Order(StringComparer.Ordinal)));
        foreach (var warning in ConfigurationWarnings.Of(candidate, atStart.OperationTimeout, proxyConfigs.SelectMany(config => config.Routes)))
        {
            ProxyLog.ConfigurationWarning(logger, $"{warning.Place} {warning.Problem}");
        }

        foreach (var (place, value) in candidate.ReadAtStart.Except(atStart.ReadAtStart))
        {
            ProxyLog.ConfigurationWarning(logger, $"{place} is read at start: {value} takes effect at the next one.");
        }
    }

    public void Refuse(Exception exception) => Refuse(ProxyFaults.Of(exception));

    public void Refuse(IReadOnlyList<ConfigurationFault> faults)
    {
        state.Refused(faults);
        ProxyLog.ConfigurationRefused(logger, ConfigurationFaultException.Describe(faults));
    }

    /// <summary>The policy that a route names; null: it is not protected.</summary>
    public static string? PolicyName(RouteConfig route) => route.Transforms?
        .Select(transform => transform.GetValueOrDefault(IdempotencyTransformFactory.Key))
        .FirstOrDefault(name => name is not null);
}
