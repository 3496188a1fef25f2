using System.Collections.Frozen;
using System.Globalization;
using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>
/// Looks at the shape of <c>ReverseProxy</c>, which YARP reads leniently: a key that it does not know is passed over in
/// silence, and a misspelt <c>Transforms</c> would leave a route unprotected. Values that YARP cannot convert are reported
/// here too, as a reload with one of those is dropped without a word to anybody else.
/// </summary>
internal static class RoutesShape
{
    // RouteConfig, RouteMatch, ClusterConfig (src/ReverseProxy/Configuration/ConfigProvider/ConfigurationConfigProvider.cs, v2.3.0).
    private static readonly string[] Sections = ["ReverseProxy", "Idempotency", "Management"];
    private static readonly FrozenSet<string> RootKeys = Set("Routes", "Clusters");
    private static readonly FrozenSet<string> RouteKeys = Set(
        "ClusterId", "Match", "Order", "AuthorizationPolicy", "RateLimiterPolicy", "OutputCachePolicy", "TimeoutPolicy", "Timeout", "CorsPolicy", "MaxRequestBodySize", "Metadata", "Transforms");

    private static readonly FrozenSet<string> MatchKeys = Set("Path", "Methods", "Hosts", "Headers", "QueryParameters");
    private static readonly FrozenSet<string> ClusterKeys = Set(
        "Destinations", "LoadBalancingPolicy", "SessionAffinity", "HealthCheck", "HttpClient", "HttpRequest", "Metadata");

    public static List<ConfigurationFault> Check(IConfiguration configuration)
    {
        var faults = new List<ConfigurationFault>();
        foreach (var key in configuration.GetChildren().Select(child => child.Key).Where(key => !Sections.Contains(key, StringComparer.OrdinalIgnoreCase)))
        {
            // Other sections are other people's (Logging, Kestrel, environment variables); one that is nearly ours is a typo.
            if (Spelling.Nearest(key, Sections) is { } near)
            {
                faults.Add(new(key, "is not a known key.", $"Did you mean '{near}'?"));
            }
        }

        var proxy = configuration.GetSection("ReverseProxy");
        RefuseUnknown(proxy, RootKeys, faults);
        foreach (var route in proxy.GetSection("Routes").GetChildren())
        {
            RefuseUnknown(route, RouteKeys, faults);
            RefuseUnknown(route.GetSection("Match"), MatchKeys, faults);
            CheckTransforms(route.GetSection("Transforms"), faults);
            CheckValue(route, "Order", text => int.TryParse(text, NumberStyles.None | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "Write a whole number.", faults);
            CheckValue(route, "MaxRequestBodySize", text => long.TryParse(text, NumberStyles.None | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "Write a number of bytes.", faults);
            CheckValue(route, "Timeout", text => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _), "Write hh:mm:ss.", faults);
        }

        foreach (var cluster in proxy.GetSection("Clusters").GetChildren())
        {
            RefuseUnknown(cluster, ClusterKeys, faults);
        }

        return faults;
    }

    private static void CheckTransforms(IConfigurationSection transforms, List<ConfigurationFault> faults)
    {
        if (!string.IsNullOrEmpty(transforms.Value))
        {
            faults.Add(new(transforms.Path, $"'{transforms.Value}' is one value.", "Write a list of objects: [ { \"IdempotencyPolicy\": \"…\" } ]."));
        }

        foreach (var transform in transforms.GetChildren().Where(transform => !string.IsNullOrEmpty(transform.Value)))
        {
            faults.Add(new(transform.Path, $"'{transform.Value}' is no transform.", "Write a list of objects: [ { \"IdempotencyPolicy\": \"…\" } ]."));
        }
    }

    private static void RefuseUnknown(IConfigurationSection section, FrozenSet<string> known, List<ConfigurationFault> faults)
    {
        foreach (var key in section.GetChildren().Select(child => child.Key).Where(key => !known.Contains(key)))
        {
            faults.Add(new($"{section.Path}:{key}", "is not a known key.",
                Spelling.Nearest(key, known) is { } near ? $"Did you mean '{near}'?" : $"Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}."));
        }
    }

    private static void CheckValue(IConfigurationSection section, string key, Func<string, bool> isValid, string cure, List<ConfigurationFault> faults)
    {
        if (section[key] is { Length: > 0 } text && !isValid(text))
        {
            faults.Add(new($"{section.Path}:{key}", $"'{text}' cannot be read.", cure));
        }
    }

    private static FrozenSet<string> Set(params ReadOnlySpan<string> keys) => FrozenSet.Create(StringComparer.OrdinalIgnoreCase, keys);
}
