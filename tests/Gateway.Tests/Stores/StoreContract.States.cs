using Gateway.Stores;

namespace Gateway.Tests.Stores;

/// <summary>Every verb on every state, with every kind of claim.</summary>
public abstract partial class StoreContract
{
    public enum Verb
    {
        Renew,
        Complete,
        MarkUnknown,
        Release,
    }

    /// <summary>State, verb with the own claim, its answer, and what the next one to come finds.</summary>
    public static TheoryData<Was, Verb, bool, BeginOutcome> OwnClaim => new()
    {
        { Was.None, Verb.Renew, false, BeginOutcome.Claimed },
        { Was.None, Verb.Complete, false, BeginOutcome.Claimed },
        { Was.None, Verb.MarkUnknown, false, BeginOutcome.Claimed },
        { Was.None, Verb.Release, false, BeginOutcome.Claimed },

        { Was.InFlight, Verb.Renew, true, BeginOutcome.InFlight },
        { Was.InFlight, Verb.Complete, true, BeginOutcome.Completed },
        { Was.InFlight, Verb.MarkUnknown, true, BeginOutcome.Unknown },
        { Was.InFlight, Verb.Release, true, BeginOutcome.Claimed },

        { Was.Lapsed, Verb.Renew, false, BeginOutcome.Unknown },
        { Was.Lapsed, Verb.Complete, true, BeginOutcome.Completed },
        { Was.Lapsed, Verb.MarkUnknown, true, BeginOutcome.Unknown },
        // The proof that nothing was sent is no weaker for having come late, and nobody has taken the record over.
        { Was.Lapsed, Verb.Release, true, BeginOutcome.Claimed },

        { Was.Unknown, Verb.Renew, false, BeginOutcome.Unknown },
        { Was.Unknown, Verb.Complete, true, BeginOutcome.Completed },
        { Was.Unknown, Verb.MarkUnknown, true, BeginOutcome.Unknown },
        { Was.Unknown, Verb.Release, false, BeginOutcome.Unknown },

        { Was.Completed, Verb.Renew, false, BeginOutcome.Completed },
        { Was.Completed, Verb.Complete, true, BeginOutcome.Completed },
        { Was.Completed, Verb.MarkUnknown, false, BeginOutcome.Completed },
        { Was.Completed, Verb.Release, false, BeginOutcome.Completed },

        { Was.ExpiredLapsed, Verb.Renew, false, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, Verb.Complete, false, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, Verb.MarkUnknown, false, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, Verb.Release, false, BeginOutcome.Claimed },

        { Was.ExpiredUnknown, Verb.Renew, false, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, Verb.Complete, false, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, Verb.MarkUnknown, false, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, Verb.Release, false, BeginOutcome.Claimed },

        { Was.ExpiredCompleted, Verb.Renew, false, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, Verb.Complete, false, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, Verb.MarkUnknown, false, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, Verb.Release, false, BeginOutcome.Claimed },
    };

    /// <summary>State, whose claim, what a begin answers: to hold, to take over, to take over with another fingerprint.</summary>
    public static TheoryData<Was, Holder, BeginOutcome, BeginOutcome, BeginOutcome> Begins => new()
    {
        { Was.None, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.None, Holder.Lost, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.None, Holder.Stranger, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },

        { Was.InFlight, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.InFlight, Holder.Lost, BeginOutcome.InFlight, BeginOutcome.InFlight, BeginOutcome.InFlight },
        { Was.InFlight, Holder.Stranger, BeginOutcome.InFlight, BeginOutcome.InFlight, BeginOutcome.InFlight },

        // With its own claim: a begin whose reply was lost, repeated late. Its caller has sent nothing yet.
        { Was.Lapsed, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.Lapsed, Holder.Lost, BeginOutcome.Unknown, BeginOutcome.Claimed, BeginOutcome.Unknown },
        { Was.Lapsed, Holder.Stranger, BeginOutcome.Unknown, BeginOutcome.Claimed, BeginOutcome.Unknown },

        { Was.Unknown, Holder.Own, BeginOutcome.Unknown, BeginOutcome.Claimed, BeginOutcome.Unknown },
        { Was.Unknown, Holder.Lost, BeginOutcome.Unknown, BeginOutcome.Claimed, BeginOutcome.Unknown },
        { Was.Unknown, Holder.Stranger, BeginOutcome.Unknown, BeginOutcome.Claimed, BeginOutcome.Unknown },

        { Was.Completed, Holder.Own, BeginOutcome.Completed, BeginOutcome.Completed, BeginOutcome.Completed },
        { Was.Completed, Holder.Lost, BeginOutcome.Completed, BeginOutcome.Completed, BeginOutcome.Completed },
        { Was.Completed, Holder.Stranger, BeginOutcome.Completed, BeginOutcome.Completed, BeginOutcome.Completed },

        { Was.ExpiredLapsed, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, Holder.Lost, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, Holder.Stranger, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },

        { Was.ExpiredUnknown, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, Holder.Lost, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, Holder.Stranger, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },

        { Was.ExpiredCompleted, Holder.Own, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, Holder.Lost, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, Holder.Stranger, BeginOutcome.Claimed, BeginOutcome.Claimed, BeginOutcome.Claimed },
    };

    public static TheoryData<Was, Holder, Verb> OtherClaims
    {
        get
        {
            var data = new TheoryData<Was, Holder, Verb>();
            foreach (var state in Enum.GetValues<Was>())
            {
                foreach (var verb in Enum.GetValues<Verb>())
                {
                    data.Add(state, Holder.Lost, verb);
                    data.Add(state, Holder.Stranger, verb);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(OwnClaim))]
    public async Task A_verb_with_the_own_claim(Was state, Verb verb, bool answer, BeginOutcome then)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state);

        Assert.Equal(answer, await CallAsync(verb, key, claim));

        Assert.Equal(then, await OutcomeAsync(key));
        if (then == BeginOutcome.Completed)
        {
            Assert.Equal(state == Was.Completed ? "first" : "second", await ReplayAsync(key));
        }
    }

    [Theory]
    [MemberData(nameof(OtherClaims))]
    public async Task A_verb_with_a_claim_that_does_not_hold_the_record_answers_false_and_changes_nothing(Was state, Holder holder, Verb verb)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state, holder);
        var isThere = state is not Was.None and < Was.ExpiredLapsed;
        var before = isThere ? await LookAsync(key) : default;

        Assert.False(await CallAsync(verb, key, claim));

        var after = await LookAsync(key);
        Assert.Equal(isThere ? before.Outcome : BeginOutcome.Claimed, after.Outcome);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
        if (isThere)
        {
            Assert.Equal(before.CreatedAt, after.CreatedAt);
        }

        Assert.True(before.Answer.Span.SequenceEqual(after.Answer.Span));
    }

    [Theory]
    [MemberData(nameof(Begins))]
    public async Task A_begin(Was state, Holder holder, BeginOutcome hold, BeginOutcome takeOver, BeginOutcome takeOverWithOtherFingerprint)
    {
        var (first, second, third) = (NewKey(), NewKey(), NewKey());

        var claim = await ArrangeAsync(first, state, holder);
        Assert.Equal(hold, (await Store.BeginAsync(Request(first, claim))).Outcome);

        claim = await ArrangeAsync(second, state, holder);
        Assert.Equal(takeOver, (await Store.BeginAsync(Request(second, claim) with { TakeOverUnknown = true })).Outcome);

        claim = await ArrangeAsync(third, state, holder);
        var other = Request(third, claim) with { TakeOverUnknown = true, Fingerprint = OtherFingerprint };
        Assert.Equal(takeOverWithOtherFingerprint, (await Store.BeginAsync(other)).Outcome);
    }

    [Theory]
    [InlineData(Was.None)]
    [InlineData(Was.InFlight)]
    [InlineData(Was.Lapsed)]
    [InlineData(Was.ExpiredLapsed)]
    [InlineData(Was.ExpiredUnknown)]
    [InlineData(Was.ExpiredCompleted)]
    public async Task A_begin_that_answers_claimed_holds_the_record(Was state)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state);

        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(Request(key, claim))).Outcome);

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
        Assert.True(await Store.RenewAsync(key, claim, Lease));
        Assert.True(await Store.CompleteAsync(key, claim, "second"u8.ToArray()));
        Assert.Equal("second", await ReplayAsync(key));
    }

    private ValueTask<bool> CallAsync(Verb verb, RecordKey key, ClaimToken claim) => verb switch
    {
        Verb.Renew => Store.RenewAsync(key, claim, Lease),
        Verb.Complete => Store.CompleteAsync(key, claim, "second"u8.ToArray()),
        Verb.MarkUnknown => Store.MarkUnknownAsync(key, claim),
        Verb.Release => Store.ReleaseAsync(key, claim),
        _ => throw new ArgumentOutOfRangeException(nameof(verb)),
    };
}
