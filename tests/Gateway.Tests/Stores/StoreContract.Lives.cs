using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>Leases, take-overs and retention: what a record becomes as time passes.</summary>
public abstract partial class StoreContract
{
    [ServerFact]
    public async Task A_lease_that_ran_out_is_unknown_with_nobody_coming_by()
    {
        var key = NewKey();
        await ClaimAsync(key, ShortLease);

        await ElapseAsync(ShortLease);

        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_repeated_begin_starts_the_lease_anew()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, ShortLease);
        var again = Request(key, claim) with { Lease = ShortLease * 2 };

        await ElapseAsync(ShortLease / 2);
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(again)).Outcome);
        await ElapseAsync(ShortLease);

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
        Assert.True(await Store.CompleteAsync(key, claim, default));
    }

    [ServerFact]
    public async Task A_begin_repeated_on_other_terms_holds_the_record_on_the_new_ones()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        var again = Request(key, claim) with { Fingerprint = OtherFingerprint, Lease = Lease * 2, Retention = Retention / 2 };

        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(again)).Outcome);

        var found = await Store.BeginAsync(Request(key, ClaimToken.New()));
        Assert.Equal((BeginOutcome.InFlight, OtherFingerprint), (found.Outcome, found.Fingerprint));
        Assert.InRange(found.LeaseRemaining, Lease, Lease * 2);
    }

    [ServerFact]
    public async Task A_renewed_lease_keeps_the_record_in_flight_beyond_its_first_lease_and_retention()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, ShortLease, ShortRetention);

        Assert.True(await Store.RenewAsync(key, claim, Lease));
        await ElapseAsync(ShortLease + ShortRetention);

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
        Assert.True(await Store.RenewAsync(key, claim, Lease));
        Assert.True(await Store.CompleteAsync(key, claim, "late"u8.ToArray()));
        Assert.Equal("late", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task A_renewed_lease_runs_out_as_well()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Assert.True(await Store.RenewAsync(key, claim, ShortLease));
        await ElapseAsync(ShortLease);

        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Assert.False(await Store.RenewAsync(key, claim, Lease));
    }

    [ServerFact]
    public async Task A_record_that_was_taken_over_belongs_to_the_new_claim_alone()
    {
        var key = NewKey();
        var old = await ArrangeAsync(key, Was.Lapsed);
        var claim = ClaimToken.New();
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(Request(key, claim) with { TakeOverUnknown = true })).Outcome);

        Assert.False(await Store.RenewAsync(key, old, Lease));
        Assert.False(await Store.MarkUnknownAsync(key, old));
        Assert.False(await Store.ReleaseAsync(key, old));
        Assert.False(await Store.CompleteAsync(key, old, "old"u8.ToArray()));
        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));

        Assert.True(await Store.CompleteAsync(key, claim, "new"u8.ToArray()));
        Assert.False(await Store.CompleteAsync(key, old, "old"u8.ToArray()));
        Assert.Equal("new", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task A_live_lease_is_never_taken_over_however_often_it_was_renewed()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, ShortLease);
        Assert.True(await Store.RenewAsync(key, claim, Lease));
        await ElapseAsync(ShortLease);

        var begun = await Store.BeginAsync(Request(key, ClaimToken.New()) with { TakeOverUnknown = true });

        Assert.Equal(BeginOutcome.InFlight, begun.Outcome);
    }

    [ServerFact]
    public async Task A_take_over_can_lapse_and_be_taken_over_again()
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.Lapsed);
        var second = Request(key, ClaimToken.New()) with { TakeOverUnknown = true, Lease = ShortLease };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(second)).Outcome);
        await ElapseAsync(ShortLease);

        var third = Request(key, ClaimToken.New()) with { TakeOverUnknown = true };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(third)).Outcome);

        Assert.False(await Store.CompleteAsync(key, second.Claim, default));
        Assert.True(await Store.CompleteAsync(key, third.Claim, default));
    }

    [ServerFact]
    public async Task A_released_key_runs_again_as_if_it_had_never_been_seen()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        var created = (await LookAsync(key)).CreatedAt;
        await ElapseAsync(TimeSpan.FromMilliseconds(5));

        Assert.True(await Store.ReleaseAsync(key, claim));
        Assert.False(await Store.ReleaseAsync(key, claim));
        var other = Request(key, ClaimToken.New()) with { Fingerprint = OtherFingerprint };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(other)).Outcome);

        var found = await LookAsync(key);
        Assert.Equal(OtherFingerprint, found.Fingerprint);
        Assert.True(found.CreatedAt > created);
        Assert.False(await Store.CompleteAsync(key, claim, default));
    }

    [ServerFact]
    public async Task An_expired_record_is_absent()
    {
        var key = NewKey();
        var old = await ClaimAsync(key, Lease, ShortRetention);
        var created = (await LookAsync(key)).CreatedAt;
        Assert.True(await Store.CompleteAsync(key, old, "old"u8.ToArray()));
        await ElapseAsync(ShortRetention);

        var other = Request(key, ClaimToken.New()) with { Fingerprint = OtherFingerprint };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(other)).Outcome);

        var found = await LookAsync(key);
        Assert.Equal(BeginOutcome.InFlight, found.Outcome);
        Assert.Equal(OtherFingerprint, found.Fingerprint);
        Assert.True(found.CreatedAt > created);
        Assert.False(await Store.CompleteAsync(key, old, "old"u8.ToArray()));
        Assert.True(await Store.CompleteAsync(key, other.Claim, "new"u8.ToArray()));
        Assert.Equal("new", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task Retention_is_counted_from_completion()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, Lease, ShortRetention);
        await ElapseAsync(ShortRetention);
        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));

        Assert.True(await Store.CompleteAsync(key, claim, default));

        Assert.Equal(BeginOutcome.Completed, await OutcomeAsync(key));
        await ElapseAsync(ShortRetention);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task Retention_is_frozen_when_the_record_begins()
    {
        var (longer, shorter) = (NewKey(), NewKey());
        var kept = await ClaimAsync(longer);
        var gone = await ClaimAsync(shorter, Lease, ShortRetention);
        // What other gateways, configured otherwise, ask for.
        await Store.BeginAsync(Request(longer, ClaimToken.New()) with { Retention = ShortRetention });
        await Store.BeginAsync(Request(shorter, ClaimToken.New()) with { Retention = Retention });
        Assert.True(await Store.CompleteAsync(longer, kept, default));
        Assert.True(await Store.CompleteAsync(shorter, gone, default));

        await ElapseAsync(ShortRetention);

        Assert.Equal(BeginOutcome.Completed, await OutcomeAsync(longer));
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(shorter));
    }

    [ServerFact]
    public async Task An_answer_given_again_does_not_prolong_its_retention()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, Lease, ShortRetention * 2);
        Assert.True(await Store.CompleteAsync(key, claim, default));
        await ElapseAsync(ShortRetention);

        Assert.True(await Store.CompleteAsync(key, claim, default));

        await ElapseAsync(ShortRetention);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task Unknown_told_again_does_not_prolong_its_retention()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, Lease, ShortRetention * 2);
        Assert.True(await Store.MarkUnknownAsync(key, claim));
        await ElapseAsync(ShortRetention);

        Assert.True(await Store.MarkUnknownAsync(key, claim));

        await ElapseAsync(ShortRetention);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_late_answer_is_kept_for_a_whole_retention()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, Lease, ShortRetention * 2);
        Assert.True(await Store.MarkUnknownAsync(key, claim));
        await ElapseAsync(ShortRetention);

        Assert.True(await Store.CompleteAsync(key, claim, "late"u8.ToArray()));

        await ElapseAsync(ShortRetention);
        Assert.Equal("late", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task Records_in_the_store_are_counted()
    {
        Assert.Equal(0, await Inspector.CountAsync());
        var (released, completed) = (NewKey(), NewKey());
        var first = await ClaimAsync(released);
        var second = await ClaimAsync(completed);
        await LookAsync(completed);
        Assert.Equal(2, await Inspector.CountAsync());

        Assert.True(await Store.ReleaseAsync(released, first));
        Assert.True(await Store.CompleteAsync(completed, second, default));

        Assert.Equal(1, await Inspector.CountAsync());
    }
}
