using Gateway.Configuration;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Gateway.Proxy;

/// <summary>Gives ASP.NET Core's CORS middleware the policies that are in force, and YARP's validation what it wants to hear.</summary>
internal sealed class LiveCorsPolicies(LiveConfiguration live) : ICorsPolicyProvider
{
    private static readonly Task<CorsPolicy?> None = Task.FromResult<CorsPolicy?>(null);
    private static readonly Task<CorsPolicy?> Judged = Task.FromResult<CorsPolicy?>(new());

    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        // YARP's validation asks with a request of its own making (CorsPolicyValidator.cs, v2.3.0): its words must not name a
        // policy, every other has to. Names that are not there LiveConfiguration has told, with place and cure.
        if (context.GetEndpoint() is null)
        {
            return IsOneOfYarp(policyName) ? None : Judged;
        }

        return Task.FromResult(live.Cors(policyName ?? CorsReader.Default));
    }

    private static bool IsOneOfYarp(string? name) =>
        CorsReader.Default.Equals(name, StringComparison.OrdinalIgnoreCase) || CorsReader.Disable.Equals(name, StringComparison.OrdinalIgnoreCase);
}
