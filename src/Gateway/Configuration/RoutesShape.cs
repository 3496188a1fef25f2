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
    private static readonly string[] Sections = ["ReverseProxy", "Idempotency", "Management", "Cors", "Authentication", "Authorization"];
    private static readonly FrozenSet<string> RootKeys = Set("Routes", "Clusters");
    private static readonly FrozenSet<string> RouteKeys = Set(
        "ClusterId", "Match", "Order", "AuthorizationPolicy", "RateLimiterPolicy", "OutputCachePolicy", "TimeoutPolicy", "Timeout", "CorsPolicy", "MaxRequestBodySize", "Metadata", "Transforms");

    private static readonly string[] RouteTexts = ["ClusterId", "Order", "AuthorizationPolicy", "RateLimiterPolicy", "OutputCachePolicy", "TimeoutPolicy", "Timeout", "CorsPolicy", "MaxRequestBodySize"];
    private static readonly FrozenSet<string> MatchKeys = Set("Path", "Methods", "Hosts", "Headers", "QueryParameters");
    private static readonly FrozenSet<string> ConditionKeys = Set("Name", "Values", "Mode", "IsCaseSensitive");
    private static readonly FrozenSet<string> ClusterKeys = Set(
        "Destinations", "LoadBalancingPolicy", "SessionAffinity", "HealthCheck", "HttpClient", "HttpRequest", "Metadata");

    private static readonly FrozenSet<string> DestinationKeys = Set("Address", "Health", "Host", "Metadata");

    public static List<ConfigurationFault> Check(IConfiguration configuration)
    {
        var faults = new List<ConfigurationFault>();
        foreach (var child in configuration.GetChildren().Where(child => !Sections.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            // Other sections are other people's (Logging, Kestrel, environment variables); one that is nearly ours is a typo. Short
            // names are near to many a variable (CORE, COLS), which has one value and no section's members.
            if (Spelling.Nearest(child.Key, child.GetChildren().Any() ? Sections : Sections.Where(section => section.Length > 4)) is { } near)
            {
                faults.Add(new(child.Key, "is not a known key.", $"Did you mean '{near}'?"));
            }
        }

        var proxy = configuration.GetSection("ReverseProxy");
        CheckObject(proxy, RootKeys, faults);
        foreach (var route in Members(proxy, "Routes", faults))
        {
            CheckRoute(route, faults);
        }

        foreach (var cluster in Members(proxy, "Clusters", faults))
        {
            CheckObject(cluster, ClusterKeys, faults);
            foreach (var destination in Members(cluster, "Destinations", faults))
            {
                CheckObject(destination, DestinationKeys, faults);
            }
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

    private static void CheckRoute(IConfigurationSection route, List<ConfigurationFault> faults)
    {
        CheckObject(route, RouteKeys, faults);
        CheckTexts(route, RouteTexts, faults);
        CheckTransforms(route.GetSection("Transforms"), faults);
        CheckValue(route, "Order", text => int.TryParse(text, NumberStyles.None | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "Write a whole number.", faults);
        CheckValue(route, "MaxRequestBodySize", text => long.TryParse(text, NumberStyles.None | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "Write a number of bytes.", faults);
        CheckValue(route, "Timeout", text => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _), "Write hh:mm:ss.", faults);

        // What YARP cannot read of a match it leaves out: the route would match more than is written.
        var match = route.GetSection("Match");
        CheckObject(match, MatchKeys, faults);
        CheckTexts(match, ["Path"], faults);
        CheckList(match.GetSection("Methods"), faults);
        CheckList(match.GetSection("Hosts"), faults);
        foreach (var condition in Members(match, "Headers", faults).Concat(Members(match, "QueryParameters", faults)))
        {
            CheckObject(condition, ConditionKeys, faults);
            CheckTexts(condition, ["Name", "Mode", "IsCaseSensitive"], faults);
            CheckList(condition.GetSection("Values"), faults);
        }
    }

    /// <summary>The children of a section that has nothing but children.</summary>
    private static IEnumerable<IConfigurationSection> Members(IConfigurationSection parent, string key, List<ConfigurationFault> faults)
    {
        var section = parent.GetSection(key);
        RefuseValue(section, "Write an object: { … }.", faults);
        return section.GetChildren();
    }

    private static void CheckObject(IConfigurationSection section, FrozenSet<string> known, List<ConfigurationFault> faults)
    {
        RefuseValue(section, "Write an object: { … }.", faults);
        foreach (var key in section.GetChildren().Select(child => child.Key).Where(key => !known.Contains(key)))
        {
            faults.Add(new($"{section.Path}:{key}", "is not a known key.",
                Spelling.Nearest(key, known) is { } near ? $"Did you mean '{near}'?" : $"Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}."));
        }
    }

    private static void CheckList(IConfigurationSection section, List<ConfigurationFault> faults)
    {
        RefuseValue(section, "Write a list: [ … ].", faults);
        foreach (var item in section.GetChildren().Where(item => string.IsNullOrEmpty(item.Value)))
        {
            faults.Add(new(item.Path, "is not a value.", "A list holds texts."));
        }
    }

    private static void CheckTexts(IConfigurationSection section, IEnumerable<string> keys, List<ConfigurationFault> faults)
    {
        foreach (var text in keys.Select(section.GetSection).Where(text => text.GetChildren().Any()))
        {
            faults.Add(new(text.Path, "is a list or an object.", "Write one value."));
        }
    }

    private static void RefuseValue(IConfigurationSection section, string cure, List<ConfigurationFault> faults)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            faults.Add(new(section.Path, $"'{section.Value}' is one value.", cure));
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
