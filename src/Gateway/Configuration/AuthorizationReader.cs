using System.Collections.Frozen;
using Gateway.Authentication;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Authorization;

namespace Gateway.Configuration;

/// <summary>Reads <c>Authorization:Policies</c>: who may call a route that names one (<c>AuthorizationPolicy</c>).</summary>
internal static class AuthorizationReader
{
    /// <summary>YARP's word on a route for "whoever is authenticated, by whichever scheme".</summary>
    public const string Default = "Default";

    /// <summary>YARP's word on a route for "everybody".</summary>
    public const string Anonymous = "Anonymous";

    public static FrozenDictionary<string, AuthorizationPolicy> ReadAll(SectionReader section, FrozenDictionary<string, AuthenticationScheme> schemes)
    {
        var policies = section.Child("Policies");
        var read = new Dictionary<string, AuthorizationPolicy>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in policies.Names)
        {
            if (IsYarps(name))
            {
                policies.Fault(name, "is no name for a policy: on a route it has a meaning of its own.", "Give it another name.");
            }

            read[name] = Read(policies.Child(name), schemes);
        }

        section.RefuseUnknownKeys();
        return read.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    public static bool IsYarps(string name) => name.Equals(Default, StringComparison.OrdinalIgnoreCase) || name.Equals(Anonymous, StringComparison.OrdinalIgnoreCase);

    /// <summary>Each is asked to challenge. A certificate's challenge is a bare 403: the others' 401 has to be the last word.</summary>
    public static IEnumerable<AuthenticationScheme> InOrderOfChallenge(IEnumerable<AuthenticationScheme> schemes) => schemes.OrderBy(scheme => scheme.Type != AuthenticationType.Certificate);

    private static AuthorizationPolicy Read(SectionReader section, FrozenDictionary<string, AuthenticationScheme> schemes)
    {
        var policy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser();
        var names = section.List("Schemes", []);
        if (names.Count == 0)
        {
            section.Fault("Schemes", "is missing: by what would a caller be known?", $"Name some of Authentication:Schemes ({Known(schemes)}).");
        }

        foreach (var scheme in InOrderOfChallenge(names.Select(schemes.GetValueOrDefault).OfType<AuthenticationScheme>()))
        {
            policy.AddAuthenticationSchemes(scheme.Name);
        }

        foreach (var name in names.Where(name => !schemes.ContainsKey(name)))
        {
            section.Fault("Schemes", $"'{name}' is not there.", Spelling.Nearest(name, schemes.Keys) is { } near ? $"Did you mean '{near}'?" : $"Add it under Authentication:Schemes ({Known(schemes)}).");
        }

        var claims = section.Child("Claims");
        foreach (var claim in claims.Names)
        {
            var values = claims.List(claim, []);
            policy.RequireAssertion(context => context.User.FindAll(claim).SelectMany(found => claim == "scope" ? found.Value.Split(' ') : [found.Value]).Any(value => values.Count == 0 || values.Contains(value)));
        }

        section.RefuseUnknownKeys();
        return policy.Build();
    }

    private static string Known(FrozenDictionary<string, AuthenticationScheme> schemes) =>
        schemes.Count == 0 ? "there is none yet" : $"there are: {string.Join(", ", schemes.Keys.Order(StringComparer.Ordinal))}";
}
