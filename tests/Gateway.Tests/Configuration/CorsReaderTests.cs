using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class CorsReaderTests
{
    [Fact]
    public void What_browsers_need_for_the_gateways_own_headers_is_there_without_being_listed()
    {
        var settings = Settings.Read("""
            {
              "Idempotency": { "Policies": { "a": { "Actor": [ "Shared" ] }, "b": { "Actor": [ "Shared" ], "Key": { "Header": "X-Key" } } } },
              "Cors": { "Policies": { "shop": { "Origins": [ "https://shop.example", "http://localhost:3000" ], "Headers": [ "Authorization", "content-type" ], "ExposedHeaders": [ "X-Trace" ] } } }
            }
            """);
        Assert.Empty(settings.Faults);
        var policy = settings.Cors["SHOP"];
        Assert.Equal(["https://shop.example", "http://localhost:3000"], policy.Origins);
        Assert.Equal(["Content-Type", "Idempotency-Key", "X-Key", "Authorization"], policy.Headers);
        Assert.Equal(["Idempotent-Replayed", "Idempotency-Status", "Retry-After", "Link", "Idempotency-Key", "X-Key", "X-Trace"], policy.ExposedHeaders);
        Assert.Equal((false, TimeSpan.FromMinutes(10)), (policy.SupportsCredentials, policy.PreflightMaxAge));
    }

    [Theory]
    [InlineData("""{ "Origins": [ "*" ], "Headers": [ "*" ] }""")]
    [InlineData("""{ "Origins": [ "http://[::1]:8080", "capacitor://localhost", "https://xn--bcher-kva.example" ], "Credentials": true, "MaxAge": "00:00:00" }""")]
    public void It_takes_what_browsers_send(string policy) => Assert.Empty(Read(policy));

    [Theory]
    [InlineData("{}", "Origins", "is missing: no page could call the route.", "Write [ \"https://shop.example\" ]")]
    [InlineData("""{ "Origins": [] }""", "Origins", "is missing", "Write [ ")]
    [InlineData("""{ "Origins": [ "*" ], "Headers": "X-Api" }""", "Headers", "'X-Api' is one value.", "Write a list")]
    [InlineData("""{ "Origins": [ "https://shop.example/" ] }""", "Origins:0", "'https://shop.example/' is not an origin as browsers send it.", "Write https://shop.example.")]
    [InlineData("""{ "Origins": [ "https://Shop.example:443" ] }""", "Origins:0", "'https://Shop.example:443' is not an origin", "Write https://shop.example.")]
    [InlineData("""{ "Origins": [ "https://bücher.example" ] }""", "Origins:0", "'https://bücher.example' is not an origin", "Write https://xn--bcher-kva.example.")]
    [InlineData("""{ "Origins": [ "shop.example" ] }""", "Origins:0", "'shop.example' is not an origin", "Write scheme, host and port alone")]
    [InlineData("""{ "Origins": [ "null" ] }""", "Origins:0", "'null' is not an origin", "Write scheme")]
    [InlineData("""{ "Origins": [ "*", "https://shop.example" ] }""", "Origins", "'*' stands beside other values.", "* stands alone")]
    [InlineData("""{ "Origins": [ "*" ], "Credentials": true }""", "Credentials", "true stands beside Origins '*'", "List the origins")]
    [InlineData("""{ "Origins": [ "*" ], "Methods": [ "post" ] }""", "Methods", "'post' is no method that pages use.", "Write some of: GET, ")]
    [InlineData("""{ "Origins": [ "*" ], "Methods": [] }""", "Methods", "is empty", "Name at least one")]
    [InlineData("""{ "Origins": [ "*" ], "Headers": [ "X Y" ] }""", "Headers", "'X Y' is not a header name.", "Use letters")]
    [InlineData("""{ "Origins": [ "*" ], "Headers": [ "*", "X" ] }""", "Headers", "'*' stands for itself here.", "* stands alone")]
    [InlineData("""{ "Origins": [ "*" ], "ExposedHeaders": [ "*" ] }""", "ExposedHeaders", "'*' stands for itself here.", "Name the headers.")]
    [InlineData("""{ "Origins": [ "*" ], "MaxAge": "2.00:00:00" }""", "MaxAge", "'2.00:00:00' is not a duration from 00:00:00 to 1.00:00:00.", "Write [d.]hh:mm:ss (default: 00:10:00).")]
    [InlineData("""{ "Origins": [ "*" ], "Credentials": "yes" }""", "Credentials", "'yes' is neither true nor false.", "Write true or false")]
    [InlineData("""{ "Origins": [ "*" ], "Orgins": [] }""", "Orgins", "is not a known key.", "Did you mean 'Origins'?")]
    public void Anything_else_is_a_fault_with_place_and_cure(string policy, string place, string problem, string cure)
    {
        var fault = Assert.Single(Read(policy));
        Assert.Equal($"Cors:Policies:shop:{place}", fault.Place);
        Assert.StartsWith(problem, fault.Problem, StringComparison.Ordinal);
        Assert.StartsWith(cure, fault.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Cors": { "Policy": {} } }""", "Cors:Policy", "is not a known key.")]
    [InlineData("""{ "Cors": { "Policies": "shop" } }""", "Cors:Policies", "'shop' is one value.")]
    [InlineData("""{ "Cors": { "Policies": { "disable": { "Origins": [ "*" ] } } } }""", "Cors:Policies:Disable", "is no name for a policy: on a route it means none.")]
    public void So_is_what_stands_around_the_policies(string json, string place, string problem)
    {
        var fault = Assert.Single(Settings.Read(json).Faults);
        Assert.Equal((place, problem), (fault.Place, fault.Problem));
    }

    [Theory]
    [InlineData("""{ "Cros": { "Policies": {} } }""", true)]
    [InlineData("""{ "Core": { "Policies": {} } }""", true)]
    [InlineData("""{ "COLS": "80", "CORE": "1" }""", false)] // environment variables
    public void A_section_that_is_nearly_called_so_is_a_typo_and_a_variable_is_not(string json, bool isFault) =>
        Assert.Equal(isFault, RoutesShape.Check(Settings.Configuration(json)).Count > 0);

    [Theory]
    [InlineData("shpo", "names the CORS policy 'shpo', which is not there.", "Did you mean 'shop'?")]
    [InlineData("Default", "names the CORS policy 'Default', which is not there.", "Add it under Cors:Policies, or write Disable.")]
    public async Task A_route_that_names_a_policy_that_is_not_there_is_told_once(string name, string problem, string cure)
    {
        var fault = Assert.Single((await FileVerdict.OfAsync(WithRoute(name))).Faults);
        Assert.Equal(("ReverseProxy:Routes:r:CorsPolicy", problem, cure), (fault.Place, fault.Problem, fault.Cure));
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("SHOP")]
    [InlineData("disable")]
    public async Task A_route_may_name_one_that_is_there_or_none(string name) => Assert.Empty((await FileVerdict.OfAsync(WithRoute(name))).Faults);

    [Fact]
    public async Task Default_is_the_policy_of_that_name() => Assert.Empty((await FileVerdict.OfAsync(WithRoute("default", "Default"))).Faults);

    private static string WithRoute(string name, string policy = "shop") => $$"""
        {
          "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/" }, "CorsPolicy": "{{name}}" } }, "Clusters": { "c": {} } },
          "Cors": { "Policies": { "{{policy}}": { "Origins": [ "*" ] } } }
        }
        """;

    private static List<Gateway.Idempotency.Policies.ConfigurationFault> Read(string policy) =>
        [.. Settings.Read($$"""{ "Cors": { "Policies": { "shop": {{policy}} } } }""").Faults];
}
