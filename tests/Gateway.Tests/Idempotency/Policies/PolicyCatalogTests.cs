using Gateway.Idempotency.Policies;

namespace Gateway.Tests.Idempotency.Policies;

public sealed class PolicyCatalogTests
{
    [Fact]
    public void A_handle_shows_the_policy_that_is_in_force()
    {
        var catalog = new PolicyCatalog();
        var handle = catalog.Handle("payments");
        var first = Policy("payments");
        var second = Policy("payments");

        Assert.Null(handle.Policy);
        Apply(catalog, first);
        Assert.Same(first, handle.Policy);
        Apply(catalog, second);
        Assert.Same(second, handle.Policy);
        Assert.Same(second, catalog.Current["payments"]);
    }

    [Fact]
    public void A_policy_that_went_and_came_back_is_not_met_as_it_was()
    {
        var catalog = new PolicyCatalog();
        var off = new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared, Mode = PolicyMode.Off };
        var on = new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared };
        Apply(catalog, off);
        var old = catalog.Handle("p");
        Apply(catalog);

        catalog.Prime(on); // its new route becomes reachable here, before the set counts as applied
        Assert.Same(on, catalog.Handle("P").Policy);
        Assert.Same(off, old.Policy);
    }

    [Fact]
    public void A_name_has_one_handle_whatever_its_case()
    {
        var catalog = new PolicyCatalog();

        Assert.Same(catalog.Handle("payments"), catalog.Handle("Payments"));
        Assert.NotSame(catalog.Handle("payments"), catalog.Handle("refunds"));
    }

    [Fact]
    public void Priming_gives_a_new_name_its_policy_before_the_set_is_in_force()
    {
        var catalog = new PolicyCatalog();
        var policy = Policy("payments");

        catalog.Prime(policy);

        Assert.Same(policy, catalog.Handle("payments").Policy);
        Assert.Empty(catalog.Current);
    }

    [Fact]
    public void Priming_does_not_change_a_policy_that_is_in_force()
    {
        var catalog = new PolicyCatalog();
        var inForce = Policy("payments");
        Apply(catalog, inForce);

        catalog.Prime(Policy("PAYMENTS"));

        Assert.Same(inForce, catalog.Handle("payments").Policy);
    }

    [Fact]
    public void A_policy_that_was_primed_gives_way_to_the_set_that_is_accepted()
    {
        var catalog = new PolicyCatalog();
        var accepted = Policy("payments");
        catalog.Prime(Policy("payments"));

        Apply(catalog, accepted);

        Assert.Same(accepted, catalog.Handle("payments").Policy);
    }

    [Fact]
    public void A_policy_that_is_gone_stays_with_the_routes_that_still_name_it()
    {
        var catalog = new PolicyCatalog();
        var gone = Policy("payments");
        Apply(catalog, gone);
        var held = catalog.Handle("payments");

        Apply(catalog, Policy("refunds"));

        Assert.Same(gone, held.Policy);
        Assert.Equal(["refunds"], catalog.Current.Keys);
    }

    private static void Apply(PolicyCatalog catalog, params IdempotencyPolicy[] policies) => catalog.Apply(policies.ToDictionary(policy => policy.Name));

    private static IdempotencyPolicy Policy(string name) => new() { Name = name, Actor = ActorRules.Shared };
}
