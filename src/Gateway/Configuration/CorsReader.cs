using System.Collections.Frozen;
using System.Globalization;
using Gateway.Idempotency;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Gateway.Configuration;

/// <summary>
/// Reads <c>Cors:Policies</c>. What browsers need for the gateway's own headers is added: nobody has to know which they are, and
/// a policy that forgot one would break retries in browsers alone.
/// </summary>
internal static class CorsReader
{
    /// <summary>YARP's word on a route for "the default policy"; here that is the policy of this name.</summary>
    public const string Default = "Default";

    /// <summary>YARP's word on a route for "no policy".</summary>
    public const string Disable = "Disable";

    /// <summary>Those that a page can send. It may use them, and the backend decides.</summary>
    private static readonly string[] KnownMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    private static readonly string[] AlwaysExposed = [Replay.MarkerHeader, StatusHeader.Name, "Retry-After", "Link"];

    /// <param name="section"><c>Cors</c>.</param>
    /// <param name="keyHeaders">Where the keys stand: allowed on requests, readable on answers.</param>
    public static FrozenDictionary<string, CorsPolicy> ReadAll(SectionReader section, IReadOnlyCollection<string> keyHeaders)
    {
        var policies = section.Child("Policies");
        var read = policies.Names.ToFrozenDictionary(name => name, name => Read(policies.Child(name), keyHeaders), StringComparer.OrdinalIgnoreCase);
        if (read.ContainsKey(Disable))
        {
            policies.Fault(Disable, "is no name for a policy: on a route it means none.", "Give it another name.");
        }

        section.RefuseUnknownKeys();
        return read;
    }

    private static CorsPolicy Read(SectionReader section, IReadOnlyCollection<string> keyHeaders)
    {
        var policy = new CorsPolicy
        {
            SupportsCredentials = section.Flag("Credentials", false),
            PreflightMaxAge = section.Duration("MaxAge", TimeSpan.FromMinutes(10), TimeSpan.Zero, TimeSpan.FromDays(1)),
        };
        Add(policy.Origins, Origins(section, policy.SupportsCredentials));
        Add(policy.Methods, Methods(section));
        var headers = Headers(section, "Headers");
        Add(policy.Headers, headers is ["*"] ? headers : ["Content-Type", .. keyHeaders, .. headers]);
        Add(policy.ExposedHeaders, [.. AlwaysExposed, .. keyHeaders, .. Headers(section, "ExposedHeaders")]);
        section.RefuseUnknownKeys();
        return policy;
    }

    private static IReadOnlyList<string> Origins(SectionReader section, bool withCredentials)
    {
        var origins = section.List("Origins", []);
        if (origins.Count == 0)
        {
            section.Fault("Origins", "is missing: no page could call the route.", "Write [ \"https://shop.example\" ], or [ \"*\" ] for the pages of all sites.");
        }

        for (var i = 0; i < origins.Count; i++)
        {
            if (origins[i] != "*" && AsSent(origins[i]) is var sent && sent != origins[i])
            {
                section.Fault(
                    string.Create(CultureInfo.InvariantCulture, $"Origins:{i}"), $"'{origins[i]}' is not an origin as browsers send it.",
                    $"Write {sent ?? "scheme, host and port alone, as in https://shop.example"}.");
            }
        }

        if (origins.Contains("*") && origins.Count > 1)
        {
            section.Fault("Origins", "'*' stands beside other values.", "* stands alone: take it or the others away.");
        }

        if (origins.Contains("*") && withCredentials)
        {
            section.Fault("Credentials", "true stands beside Origins '*': the page of any site could act as the user.", "List the origins, or set it to false.");
        }

        return origins;
    }

    /// <summary>Scheme, host and port in the browser's spelling, which is compared character by character. Null: there is no origin in it.</summary>
    private static string? AsSent(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            return null;
        }

        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return uri.IsDefaultPort ? $"{uri.Scheme}://{host}" : string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{host}:{uri.Port}");
    }

    private static IReadOnlyList<string> Methods(SectionReader section)
    {
        var methods = section.List("Methods", ["GET", "POST", "PUT", "PATCH", "DELETE"]);
        if (methods.Count == 0)
        {
            section.Fault("Methods", "is empty: no page could call the route.", "Name at least one method, or take the policy off the route.");
        }

        foreach (var method in methods.Except(KnownMethods, StringComparer.Ordinal))
        {
            section.Fault("Methods", $"'{method}' is no method that pages use.", $"Write some of: {string.Join(", ", KnownMethods)}.");
        }

        return methods;
    }

    private static IReadOnlyList<string> Headers(SectionReader section, string key)
    {
        var names = section.HeaderNames(key);
        if (names.Contains("*") && (names.Count > 1 || key != "Headers"))
        {
            section.Fault(key, "'*' stands for itself here.", key == "Headers" ? "* stands alone: take it or the others away." : "Name the headers.");
        }

        return names;
    }

    private static void Add(IList<string> target, IEnumerable<string> values)
    {
        foreach (var value in values.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            target.Add(value);
        }
    }
}
