using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>What <see cref="IActorQuota"/> promises.</summary>
public abstract partial class StoreContract
{
    private static readonly UInt128 Me = 4711;

    /// <summary>The store's own, or what stands beside it.</summary>
    protected virtual IActorQuota Quota => (IActorQuota)Inspector;

    [ServerFact]
    public async Task An_actors_live_records_of_one_operation_are_counted_with_their_bytes()
    {
        var operation = $"op-{Guid.NewGuid():N}";
        Assert.Equal(new ActorHoldings(false, 0, 0, TimeSpan.Zero), await Quota.LookAsync(operation, Me, NewKey()));
        var (one, two) = (await HoldAsync(operation, Me), await HoldAsync(operation, Me));
        await HoldAsync(operation, Me + 1);
        await HoldAsync(operation + "-other", Me);
        Assert.True(await Store.CompleteAsync(one.Key, one.Claim, new byte[100]));
        await Quota.NoteAsync(operation, Me, one.Key, 100, Retention);

        var held = await Quota.LookAsync(operation, Me, NewKey());
        Assert.Equal((false, 2, 100), (held.IsKnown, held.Keys, held.Bytes));
        Assert.InRange(held.UntilOldestEnds, Retention - TimeSpan.FromMinutes(1), Retention + Lease);
        Assert.True((await Quota.LookAsync(operation, Me, two.Key)).IsKnown);
    }

    [ServerFact]
    public async Task A_record_that_is_released_or_has_expired_counts_no_more()
    {
        var operation = $"op-{Guid.NewGuid():N}";
        var released = await HoldAsync(operation, Me);
        var expired = await HoldAsync(operation, Me, ShortRetention);
        Assert.True(await Store.CompleteAsync(expired.Key, expired.Claim, new byte[50]));
        await Quota.NoteAsync(operation, Me, expired.Key, 50, ShortRetention);
        Assert.True(await Store.ReleaseAsync(released.Key, released.Claim));
        await Quota.ForgetAsync(operation, Me, released.Key);
        Assert.Equal((1, 50), await Quota.LookAsync(operation, Me, NewKey()) is var held ? (held.Keys, held.Bytes) : default);

        await ElapseAsync(ShortRetention);
        held = await Quota.LookAsync(operation, Me, expired.Key);
        Assert.Equal((false, 0, 0), (held.IsKnown, held.Keys, held.Bytes));
    }

    [ServerFact]
    public async Task What_is_noted_or_forgotten_twice_counts_once()
    {
        var operation = $"op-{Guid.NewGuid():N}";
        var one = await HoldAsync(operation, Me);
        Assert.True(await Store.CompleteAsync(one.Key, one.Claim, new byte[10]));
        for (var i = 0; i < 2; i++)
        {
            await Quota.NoteAsync(operation, Me, one.Key, 10, Retention);
        }

        Assert.Equal((1, 10), await Quota.LookAsync(operation, Me, NewKey()) is var held ? (held.Keys, held.Bytes) : default);
        var other = await HoldAsync(operation, Me);
        Assert.True(await Store.ReleaseAsync(other.Key, other.Claim));
        for (var i = 0; i < 2; i++)
        {
            await Quota.ForgetAsync(operation, Me, other.Key);
        }

        Assert.Equal((1, 10), await Quota.LookAsync(operation, Me, NewKey()) is var left ? (left.Keys, left.Bytes) : default);
    }

    [ServerFact]
    public async Task A_record_that_is_there_is_known_although_nobody_has_noted_it()
    {
        var key = NewKey();
        await ClaimAsync(key); // under a policy that had no quota yet, or its note was lost
        Assert.True((await Quota.LookAsync("confirm-payment", 7, key)).IsKnown);
    }

    private async Task<(RecordKey Key, ClaimToken Claim)> HoldAsync(string operation, UInt128 actor, TimeSpan? retention = null)
    {
        var (key, claim, life) = (NewKey(), ClaimToken.New(), retention ?? Retention);
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(Request(key, claim) with { Retention = life, Label = new RecordLabel(operation, "k", actor) })).Outcome);
        await Quota.NoteAsync(operation, actor, key, 0, Lease + life);
        return (key, claim);
    }
}
