using Gateway.Idempotency.Policies;
using Gateway.Proxy;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Proxy;

public sealed class RouteCoverageTests
{
    private static readonly Dictionary<string, IdempotencyPolicy> Policies = new(StringComparer.OrdinalIgnoreCase)
    {
        ["payments"] = new() { Name = "payments", Actor = ActorRules.Shared },
        ["idle"] = new() { Name = "idle", Actor = ActorRules.Shared, Mode = PolicyMode.Off, Key = new KeyRules { Required = false } },
    };

    [Fact]
    public void A_policy_covers_its_methods_and_no_others() => Assert.Equal(
        [("POST", "protected"), ("PUT", "unprotected"), ("PATCH", "protected"), ("DELETE", "unprotected")],
        Methods(Assert.Single(RouteCoverage.Of(RouteTable.Entries([Route("r", policy: "Payments")]), Policies).Routes)));

    [Fact]
    public void A_policy_that_is_off_says_so()
    {
        var route = Assert.Single(RouteCoverage.Of(RouteTable.Entries([Route("r", policy: "idle")]), Policies).Routes);
        Assert.Equal([("POST", "off"), ("PUT", "unprotected"), ("PATCH", "off"), ("DELETE", "unprotected")], Methods(route));
        Assert.Equal(("idle", false), (route.Policy, route.KeyRequired));
    }

    [Fact]
    public void A_route_without_a_policy_is_unprotected()
    {
        var route = Assert.Single(RouteCoverage.Of(RouteTable.Entries([Route("r")]), Policies).Routes);
        Assert.All(Methods(route), method => Assert.Equal("unprotected", method.Item2));
        Assert.Equal((null, null), (route.Policy, route.KeyRequired));
    }

    [Fact]
    public void A_routes_own_methods_limit_what_is_listed() =>
        Assert.Equal([("PUT", "unprotected"), ("PATCH", "protected")], Methods(Assert.Single(RouteCoverage.Of(RouteTable.Entries([Route("r", "payments", "GET", "patch", "PUT")]), Policies).Routes)));

    [Fact]
    public void A_route_that_takes_no_mutating_method_is_counted_and_not_listed()
    {
        var coverage = RouteCoverage.Of(RouteTable.Entries([Route("reads", null, "GET", "HEAD"), Route("pays", "payments"), Route("open", null, "DELETE")]), Policies);
        Assert.Equal(["pays", "open"], coverage.Routes.Select(route => route.Route));
        Assert.Equal((3, 1), (coverage.RouteCount, coverage.ProtectedRoutes));
        Assert.Equal(new CoverageCounts(2, 0, 0, 3), coverage.Counts);
    }

    [Fact]
    public void What_a_request_has_to_look_like_is_told() => Assert.Equivalent(
        new RouteConditions(["a.example", "b.example"], "/x", ["POST"], ["header X-Api", "query v"]),
        Assert.Single(RouteCoverage.Of(RouteTable.Entries([Route("r", null, "POST") with
        {
            Match = new RouteMatch
            {
                Hosts = ["a.example", "b.example"],
                Path = "/x",
                Methods = ["POST"],
                Headers = [new RouteHeader { Name = "X-Api" }],
                QueryParameters = [new RouteQueryParameter { Name = "v" }],
            },
        }]), Policies).Routes).Match);

    /// <summary>A new mode must get its word here.</summary>
    [Fact]
    public void Every_mode_has_a_word() => Assert.All(
        Enum.GetValues<PolicyMode>(),
        mode => Assert.NotEqual("unprotected", Coverage.Of(new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared, Mode = mode }, "POST")));

    private static List<(string, string)> Methods(CoveredRoute route) => [.. route.Methods.Select(method => (method.Method, method.Coverage))];

    private static RouteConfig Route(string id, string? policy = null, params string[] methods) => new()
    {
        RouteId = id,
        Match = new RouteMatch { Path = "/x", Methods = methods.Length == 0 ? null : methods },
        Transforms = policy is null ? null : [new Dictionary<string, string> { ["IdempotencyPolicy"] = policy }],
    };
}
