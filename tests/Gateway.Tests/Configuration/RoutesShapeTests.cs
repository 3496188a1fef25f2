using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class RoutesShapeTests
{
    [Fact]
    public void Everything_that_the_proxy_knows_is_taken() => Assert.Empty(RoutesShape.Check(Settings.Configuration("""
        {
          "ReverseProxy": {
            "Routes": {
              "r": {
                "ClusterId": "c", "Order": -1, "AuthorizationPolicy": "a", "RateLimiterPolicy": "l", "OutputCachePolicy": "o", "TimeoutPolicy": "t",
                "Timeout": "00:00:30", "CorsPolicy": "x", "MaxRequestBodySize": -1, "Metadata": { "Anything": "goes" },
                "Match": { "Path": "/{**rest}", "Methods": [ "POST" ], "Hosts": [ "h" ], "Headers": [ { "Name": "n" } ], "QueryParameters": [ { "Name": "n" } ] },
                "Transforms": [ { "IdempotencyPolicy": "p" }, { "PathPrefix": "/v1" } ]
              },
              "no-transforms": { "clusterid": "c", "match": { "path": "/x" }, "Transforms": [], "Timeout": "" }
            },
            "Clusters": {
              "c": {
                "LoadBalancingPolicy": "RoundRobin", "SessionAffinity": { "Enabled": false }, "HealthCheck": {}, "HttpClient": {}, "HttpRequest": {},
                "Metadata": { "Any": "thing" }, "Destinations": { "a": { "Address": "http://localhost/" } }
              }
            }
          },
          "Kestrel": { "Endpoints": {} }
        }
        """)));

    [Fact]
    public void No_routes_at_all_are_no_fault() => Assert.Empty(RoutesShape.Check(Settings.Configuration("{}")));

    [Theory]
    [InlineData("""{ "Transform": [ { "IdempotencyPolicy": "p" } ] }""", "r:Transform", "Did you mean 'Transforms'?")]
    [InlineData("""{ "Trasnforms": [ { "IdempotencyPolicy": "p" } ] }""", "r:Trasnforms", "Did you mean 'Transforms'?")]
    [InlineData("""{ "Cluster": "c" }""", "r:Cluster", "Did you mean 'ClusterId'?")]
    [InlineData("""{ "Mach": { "Path": "/" } }""", "r:Mach", "Did you mean 'Match'?")]
    [InlineData("""{ "IdempotencyPolicy": "p" }""", "r:IdempotencyPolicy", "Known here: AuthorizationPolicy, ClusterId, ")]
    [InlineData("""{ "Match": { "Paths": "/x" } }""", "r:Match:Paths", "Did you mean 'Path'?")]
    [InlineData("""{ "Match": { "Method": [ "POST" ] } }""", "r:Match:Method", "Did you mean 'Methods'?")]
    public void A_key_that_the_proxy_would_pass_over_in_silence_is_a_fault(string route, string place, string cure)
    {
        var fault = Assert.Single(CheckRoute(route));

        Assert.Equal($"ReverseProxy:Routes:{place}", fault.Place);
        Assert.Equal("is not a known key.", fault.Problem);
        Assert.StartsWith(cure, fault.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Transforms": "IdempotencyPolicy" }""", "Transforms", "'IdempotencyPolicy' is one value.")]
    [InlineData("""{ "Transforms": { "IdempotencyPolicy": "p" } }""", "Transforms:IdempotencyPolicy", "'p' is no transform.")]
    [InlineData("""{ "Transforms": [ "IdempotencyPolicy" ] }""", "Transforms:0", "'IdempotencyPolicy' is no transform.")]
    public void Transforms_that_are_not_a_list_of_objects_are_a_fault(string route, string place, string problem)
    {
        var fault = Assert.Single(CheckRoute(route));

        Assert.Equal(($"ReverseProxy:Routes:r:{place}", problem), (fault.Place, fault.Problem));
        Assert.Contains("[ { \"IdempotencyPolicy\": ", fault.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Order": "first" }""", "Order", "'first' cannot be read.", "Write a whole number.")]
    [InlineData("""{ "Order": 1.5 }""", "Order", "'1.5' cannot be read.", "Write a whole number.")]
    [InlineData("""{ "MaxRequestBodySize": "1MB" }""", "MaxRequestBodySize", "'1MB' cannot be read.", "Write a number of bytes.")]
    [InlineData("""{ "Timeout": "soon" }""", "Timeout", "'soon' cannot be read.", "Write hh:mm:ss.")]
    public void A_value_that_the_proxy_cannot_convert_is_a_fault(string route, string place, string problem, string cure)
    {
        var fault = Assert.Single(CheckRoute(route));

        Assert.Equal(($"ReverseProxy:Routes:r:{place}", problem, cure), (fault.Place, fault.Problem, fault.Cure));
    }

    [Theory]
    [InlineData("""{ "ReverseProxy": { "Route": {} , "Clusters": {} } }""", "ReverseProxy:Route", "Did you mean 'Routes'?")]
    [InlineData("""{ "ReverseProxy": { "Cluster": { "c": {} } } }""", "ReverseProxy:Cluster", "Did you mean 'Clusters'?")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "c": { "Destination": { "a": {} } } } } }""", "ReverseProxy:Clusters:c:Destination", "Did you mean 'Destinations'?")]
    public void So_is_one_beside_routes_or_in_a_cluster(string json, string place, string cure)
    {
        var fault = Assert.Single(RoutesShape.Check(Settings.Configuration(json)));

        Assert.Equal((place, cure), (fault.Place, fault.Cure));
    }

    /// <summary>What the proxy cannot read it leaves out: a match without its methods or its conditions matches everything.</summary>
    [Theory]
    [InlineData("""{ "Match": "/x" }""", "Match", "'/x' is one value.", "Write an object: { … }.")]
    [InlineData("""{ "Match": { "Path": [ "/x" ] } }""", "Match:Path", "is a list or an object.", "Write one value.")]
    [InlineData("""{ "Match": { "Methods": "POST" } }""", "Match:Methods", "'POST' is one value.", "Write a list: [ … ].")]
    [InlineData("""{ "Match": { "Hosts": "a" } }""", "Match:Hosts", "'a' is one value.", "Write a list: [ … ].")]
    [InlineData("""{ "Match": { "Hosts": [ [ "a" ] ] } }""", "Match:Hosts:0", "is not a value.", "A list holds texts.")]
    [InlineData("""{ "Match": { "Methods": [ null ] } }""", "Match:Methods:0", "is not a value.", "A list holds texts.")]
    [InlineData("""{ "Match": { "Headers": "X" } }""", "Match:Headers", "'X' is one value.", "Write an object: { … }.")]
    [InlineData("""{ "Match": { "Headers": [ "X" ] } }""", "Match:Headers:0", "'X' is one value.", "Write an object: { … }.")]
    [InlineData("""{ "Match": { "Headers": [ { "Name": "X", "Value": [ "1" ] } ] } }""", "Match:Headers:0:Value", "is not a known key.", "Did you mean 'Values'?")]
    [InlineData("""{ "Match": { "Headers": [ { "Name": "X", "Values": "1" } ] } }""", "Match:Headers:0:Values", "'1' is one value.", "Write a list: [ … ].")]
    [InlineData("""{ "Match": { "QueryParameters": [ { "Name": "X", "Mod": "Exact" } ] } }""", "Match:QueryParameters:0:Mod", "is not a known key.", "Did you mean 'Mode'?")]
    [InlineData("""{ "Order": [ 1 ] }""", "Order", "is a list or an object.", "Write one value.")]
    [InlineData("""{ "ClusterId": { "a": "b" } }""", "ClusterId", "is a list or an object.", "Write one value.")]
    public void A_value_of_another_kind_than_the_proxy_reads_is_a_fault(string route, string place, string problem, string cure)
    {
        var fault = Assert.Single(CheckRoute(route));

        Assert.Equal(($"ReverseProxy:Routes:r:{place}", problem, cure), (fault.Place, fault.Problem, fault.Cure));
    }

    [Theory]
    [InlineData("""{ "ReverseProxy": "x" }""", "ReverseProxy", "'x' is one value.")]
    [InlineData("""{ "ReverseProxy": { "Routes": "x" } }""", "ReverseProxy:Routes", "'x' is one value.")]
    [InlineData("""{ "ReverseProxy": { "Routes": [ "x" ] } }""", "ReverseProxy:Routes:0", "'x' is one value.")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "c": true } } }""", "ReverseProxy:Clusters:c", "'True' is one value.")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "c": { "Destinations": { "a": "http://localhost/" } } } } }""", "ReverseProxy:Clusters:c:Destinations:a", "'http://localhost/' is one value.")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "c": { "Destinations": { "a": { "Adress": "http://localhost/" } } } } } }""", "ReverseProxy:Clusters:c:Destinations:a:Adress", "is not a known key.")]
    public void So_is_one_above_or_beside_the_routes(string json, string place, string problem)
    {
        var fault = Assert.Single(RoutesShape.Check(Settings.Configuration(json)));

        Assert.Equal((place, problem), (fault.Place, fault.Problem));
    }

    [Fact]
    public void All_faults_of_all_routes_are_collected() => Assert.Equal(
        ["ReverseProxy:Clusters:c:X", "ReverseProxy:Rotes", "ReverseProxy:Routes:a:Transform", "ReverseProxy:Routes:b:Match:Pth", "ReverseProxy:Routes:b:Order"],
        RoutesShape.Check(Settings.Configuration("""
            { "ReverseProxy": { "Rotes": {}, "Routes": { "a": { "Transform": [] }, "b": { "Match": { "Pth": "" }, "Order": "x" } }, "Clusters": { "c": { "X": 1 } } } }
            """)).Select(fault => fault.Place).Order(StringComparer.Ordinal));

    private static List<Gateway.Idempotency.Policies.ConfigurationFault> CheckRoute(string route) =>
        RoutesShape.Check(Settings.Configuration($$"""{ "ReverseProxy": { "Routes": { "r": {{route}} } } }"""));
}
