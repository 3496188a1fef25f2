using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Idempotency.Forwarding;

public sealed class LostRecordTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_record_that_another_claim_has_taken_over_is_not_claimed_again_though_its_outcome_is_unknown()
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryStore(time);
        var first = Begin();
        var second = first with { Claim = ClaimToken.New() };
        await store.BeginAsync(first);
        time.Advance(Lease);
        Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(second)).Outcome);
        await store.MarkUnknownAsync(second.Key, second.Claim);

        Assert.False(await new StoreParts(store, time).Access.IsClaimedAgainAsync(first));

        Assert.False(await store.CompleteAsync(first.Key, first.Claim, new byte[1]));
        Assert.True(await store.CompleteAsync(second.Key, second.Claim, new byte[1]));
    }

    [Fact]
    public async Task A_record_that_is_gone_is_claimed_again_by_the_claim_that_it_had()
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryStore(time);
        var first = Begin();

        Assert.True(await new StoreParts(store, time).Access.IsClaimedAgainAsync(first));

        Assert.True(await store.CompleteAsync(first.Key, first.Claim, new byte[1]));
    }

    private static BeginRequest Begin() => new()
    {
        Key = new RecordKey(1),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = Lease,
        Retention = TimeSpan.FromHours(1),
        TakeOverUnknown = true, // OutcomeUnknown: Retry
        Label = new RecordLabel("pay", "k", 0),
    };
}
