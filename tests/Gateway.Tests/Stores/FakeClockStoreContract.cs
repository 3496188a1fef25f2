using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>For stores on the machine's clock, which a test can set: the moments before and after a border are exact.</summary>
public abstract class FakeClockStoreContract : SweptStoreContract
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    protected override Task ElapseAsync(TimeSpan time)
    {
        Clock.Advance(time);
        return Task.CompletedTask;
    }

    [ServerFact]
    public async Task A_lease_lives_until_its_last_millisecond()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Clock.Advance(Lease - Tick);
        var found = await LookAsync(key);
        Assert.Equal(BeginOutcome.InFlight, found.Outcome);
        Assert.Equal(Tick, found.LeaseRemaining);
        Assert.Equal(Clock.Start, found.CreatedAt);

        Clock.Advance(Tick);
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Assert.False(await Store.RenewAsync(key, claim, Lease));
    }

    [ServerFact]
    public async Task A_renewal_counts_from_the_moment_of_renewing()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Clock.Advance(Lease - Tick);
        Assert.True(await Store.RenewAsync(key, claim, ShortLease));

        Assert.Equal(ShortLease, (await LookAsync(key)).LeaseRemaining);
        Clock.Advance(ShortLease);
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_repeated_begin_counts_its_lease_from_the_repetition()
    {
        var request = Request(NewKey(), ClaimToken.New());
        await Store.BeginAsync(request);
        Clock.Advance(Lease - Tick);

        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(request)).Outcome);

        var found = await LookAsync(request.Key);
        Assert.Equal(Lease, found.LeaseRemaining);
        Assert.Equal(Clock.Start, found.CreatedAt);
    }

    [ServerFact]
    public async Task An_answer_is_kept_for_exactly_its_retention_after_completion()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        Clock.Advance(Lease / 2);
        Assert.True(await Store.CompleteAsync(key, claim, "answer"u8.ToArray()));

        Clock.Advance(Retention - Tick);
        Assert.Equal(BeginOutcome.Completed, await OutcomeAsync(key));
        Clock.Advance(Tick);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_lapsed_record_is_kept_for_exactly_its_retention_after_the_lapse()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        Assert.True(await Store.RenewAsync(key, claim, ShortLease));

        Clock.Advance(ShortLease + Retention - Tick);
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Clock.Advance(Tick);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task An_unknown_record_is_kept_for_exactly_its_retention_after_it_became_so()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        Clock.Advance(Lease / 2);
        Assert.True(await Store.MarkUnknownAsync(key, claim));

        Clock.Advance(Retention - Tick);
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Clock.Advance(Tick);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_take_over_takes_its_own_lease_and_retention()
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.Unknown);
        var heir = Request(key, ClaimToken.New()) with { TakeOverUnknown = true, Lease = ShortLease, Retention = ShortRetention };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(heir)).Outcome);

        Clock.Advance(ShortLease + ShortRetention - Tick);
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Clock.Advance(Tick);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_clock_that_goes_back_frees_nothing()
    {
        var (running, unknown, done) = (NewKey(), NewKey(), NewKey());
        var claim = await ArrangeAsync(running, Was.InFlight);
        await ArrangeAsync(unknown, Was.Unknown);
        await ArrangeAsync(done, Was.Completed);

        Clock.AdjustTime(Clock.GetUtcNow() - TimeSpan.FromHours(1));

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(running));
        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(unknown));
        Assert.Equal("first", await ReplayAsync(done));
        Assert.Equal(0, await Inspector.SweepAsync(100));

        // The next renewal puts the lease right.
        Assert.True(await Store.RenewAsync(running, claim, Lease));
        Assert.Equal(Lease, (await LookAsync(running)).LeaseRemaining);
    }

    [ServerFact]
    public async Task A_clock_that_leaps_ahead_makes_what_runs_unknown_and_takes_its_answer_all_the_same()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Clock.Advance(Retention);

        Assert.Equal(BeginOutcome.Unknown, await OutcomeAsync(key));
        Assert.True(await Store.CompleteAsync(key, claim, "late"u8.ToArray()));
        Assert.Equal("late", await ReplayAsync(key));
    }
}
