using Gateway.Idempotency.Policies;

namespace Gateway.Tests.Idempotency.Policies;

public sealed class ProtectedRouteTests
{
    [Fact]
    public void A_route_whose_policy_is_not_loaded_fails_rather_than_forwards_unprotected()
    {
        var route = new ProtectedRoute("confirm-payment", new PolicyHandle("payments"), null, null);

        var error = Assert.Throws<InvalidOperationException>(() => route.Plan);

        Assert.Equal("Route 'confirm-payment' names policy 'payments', which is not loaded.", error.Message);
    }

    [Fact]
    public void The_plan_is_made_once_for_each_policy()
    {
        var handle = new PolicyHandle("payments") { Policy = Policy() };
        var route = new ProtectedRoute("confirm-payment", handle, null, null);
        var first = route.Plan;

        Assert.Same(first, route.Plan);

        handle.Policy = Policy(maxRequestBodySize: 7);
        Assert.NotSame(first, route.Plan);
        Assert.Same(handle.Policy, route.Plan.Policy);
        Assert.Equal(7, route.Plan.MaxRequestBodySize);
    }

    [Fact]
    public void The_operation_is_the_policys_else_the_routes_id()
    {
        Assert.Equal("confirm-payment", new RoutePlan("confirm-payment", Policy(), null, null).Operation);
        Assert.Equal("pay", new RoutePlan("confirm-payment", Policy(operation: "pay"), null, null).Operation);
    }

    [Theory]
    [InlineData(null, 1000)]
    [InlineData(-1L, 1000)]
    [InlineData(0L, 0)]
    [InlineData(999L, 999)]
    [InlineData(1000L, 1000)]
    [InlineData(1001L, 1000)]
    [InlineData((long)int.MaxValue + 1, 1000)]
    [InlineData(long.MaxValue, 1000)]
    public void The_smaller_limit_of_route_and_policy_counts(long? ofRoute, int counts) =>
        Assert.Equal(counts, new RoutePlan("r", Policy(maxRequestBodySize: 1000), ofRoute, null).MaxRequestBodySize);

    [Theory]
    [InlineData(null, 100)]
    [InlineData(99, 99)]
    [InlineData(100, 100)]
    [InlineData(101, 100)]
    [InlineData(0, 100)]
    [InlineData(-1, 100)]
    public void The_shorter_time_of_route_and_policy_counts_and_none_or_less_is_no_limit(int? ofRoute, int counts) =>
        Assert.Equal(TimeSpan.FromSeconds(counts), new RoutePlan("r", Policy(), null, ofRoute is { } seconds ? TimeSpan.FromSeconds(seconds) : null).Deadline);

    private static IdempotencyPolicy Policy(int maxRequestBodySize = 1 << 20, string? operation = null) => new()
    {
        Name = "payments",
        Actor = ActorRules.Shared,
        MaxRequestBodySize = maxRequestBodySize,
        Operation = operation,
        Deadline = TimeSpan.FromSeconds(100),
    };
}
