using Gateway.Authentication;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Proxy;

/// <summary>What can be obeyed and was probably not meant.</summary>
internal static class ConfigurationWarnings
{
    /// <param name="operationTimeout">As it is in force: it is read at start.</param>
    public static IEnumerable<ConfigurationFault> Of(GatewaySettings settings, TimeSpan operationTimeout, IEnumerable<RouteConfig> routes)
    {
        foreach (var policy in settings.Policies.Keys.Except(routes.Select(LiveConfiguration.PolicyName).OfType<string>(), StringComparer.OrdinalIgnoreCase))
        {
            yield return new($"Idempotency:Policies:{policy}", "is used by no route.", "Name it in a route's Transforms, or take it away.");
        }

        foreach (var policy in settings.Cors.Keys.Except(routes.Select(route => route.CorsPolicy).OfType<string>(), StringComparer.OrdinalIgnoreCase))
        {
            yield return new($"Cors:Policies:{policy}", "is used by no route.", "Name it as a route's CorsPolicy, or take it away.");
        }

        foreach (var policy in settings.Authorization.Keys.Except(routes.Select(route => route.AuthorizationPolicy).OfType<string>(), StringComparer.OrdinalIgnoreCase))
        {
            yield return new($"Authorization:Policies:{policy}", "is used by no route.", "Name it as a route's AuthorizationPolicy, or take it away.");
        }

        foreach (var policy in routes.Where(route => TakesTokens(route, settings)).Select(LiveConfiguration.PolicyName).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(policy => settings.Policies.GetValueOrDefault(policy)?.Actor.Sources.Contains(new ActorSource(ActorKind.Header, "Authorization")) == true))
        {
            yield return new($"Idempotency:Policies:{policy}:Actor", "is Header:Authorization where callers send tokens: one who gets a new token between two tries is another caller, and the request runs again.", "Write Claim:sub.");
        }

        if (settings.DataProtection.Certificate.Length == 0 && settings.Policies.Values.FirstOrDefault(policy => policy.EncryptAnswers) is { } encrypting)
        {
            yield return new("Idempotency:DataProtection:Certificate", $"is missing: the keys that policy {encrypting.Name} encrypts with lie in clear in {settings.DataProtection.KeyFolder}.", "Name a PFX file, or see to it that who can read the store cannot read that folder.");
        }

        foreach (var policy in settings.Policies.Values.Where(policy => policy.Lease <= operationTimeout))
        {
            yield return new($"Idempotency:Policies:{policy.Name}:Lease", "is not longer than Idempotency:Stores:OperationTimeout: one slow renewal lets it run out.", "Make it several times as long.");
        }
    }

    private static bool TakesTokens(RouteConfig route, GatewaySettings settings) =>
        settings.Authorization.GetValueOrDefault(route.AuthorizationPolicy ?? "")?.AuthenticationSchemes.Any(scheme => settings.Schemes.GetValueOrDefault(scheme)?.Type == AuthenticationType.JwtBearer) == true;
}
