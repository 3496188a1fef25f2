using Gateway.Configuration;
using Microsoft.AspNetCore.Authorization;

namespace Gateway.Proxy;

/// <summary>Gives ASP.NET Core the authorization policies that are in force, and YARP's validation what it wants to hear.</summary>
internal sealed class LiveAuthorizationPolicies(LiveConfiguration live, GatewaySettings atStart) : IAuthorizationPolicyProvider
{
    private static readonly AuthorizationPolicy Nobody = new AuthorizationPolicyBuilder().RequireAssertion(static _ => false).Build();

    /// <summary>Whoever is authenticated, by whichever scheme. Schemes are read at start.</summary>
    private readonly AuthorizationPolicy _default = atStart.Schemes.Count == 0
        ? Nobody
        : new AuthorizationPolicyBuilder([.. AuthorizationReader.InOrderOfChallenge(atStart.Schemes.Values).Select(scheme => scheme.Name)]).RequireAuthenticatedUser().Build();

    /// <summary>They change with the configuration.</summary>
    public bool AllowsCachingPolicies => false;

    public Task<AuthorizationPolicy> GetDefaultPolicyAsync() => Task.FromResult(_default);

    public Task<AuthorizationPolicy?> GetFallbackPolicyAsync() => Task.FromResult<AuthorizationPolicy?>(null);

    /// <remarks>A name that is not there LiveConfiguration has told, with place and cure; until then nobody gets past it. YARP's own words must not name a policy.</remarks>
    public Task<AuthorizationPolicy?> GetPolicyAsync(string policyName) =>
        Task.FromResult(AuthorizationReader.IsYarps(policyName) ? null : live.Authorization(policyName) ?? Nobody);
}
