using Gateway.Idempotency.Policies;

namespace Gateway.Tests.Idempotency.Policies;

public sealed class PolicyCatalogTests
{
    [Fact]
    public void A_policy_that_went_and_came_back_is_not_met_as_it_was()
    {
        var catalog = new PolicyCatalog();
        var off = new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared, Mode = PolicyMode.Off };
        var on = new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared };
        catalog.Apply(Set(off));
        var old = catalog.Handle("p");
        catalog.Apply(Set());

        catalog.Prime(on); // its new route becomes reachable here, before the set counts as applied
        Assert.Same(on, catalog.Handle("P").Policy);
        Assert.Same(off, old.Policy);

        static Dictionary<string, IdempotencyPolicy> Set(params IdempotencyPolicy[] policies) =>
            policies.ToDictionary(policy => policy.Name, StringComparer.OrdinalIgnoreCase);
    }
}
