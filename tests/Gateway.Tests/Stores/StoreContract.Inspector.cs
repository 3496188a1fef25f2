using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>An operator's verbs, on every state, with every kind of claim, and at once with what requests do.</summary>
public abstract partial class StoreContract
{
    public enum OperatorVerb
    {
        /// <summary>Resolve with an answer.</summary>
        Resolve,

        /// <summary>Resolve without one: it never ran.</summary>
        Free,

        Delete,
    }

    /// <summary>State, verb with the claim that the record has, its answer, and what the next one to come finds.</summary>
    public static TheoryData<Was, OperatorVerb, bool, BeginOutcome> OperatorVerbs => new()
    {
        { Was.None, OperatorVerb.Resolve, false, BeginOutcome.Claimed },
        { Was.None, OperatorVerb.Free, false, BeginOutcome.Claimed },
        { Was.None, OperatorVerb.Delete, false, BeginOutcome.Claimed },

        // It runs: nobody may say what became of it.
        { Was.InFlight, OperatorVerb.Resolve, false, BeginOutcome.InFlight },
        { Was.InFlight, OperatorVerb.Free, false, BeginOutcome.InFlight },
        { Was.InFlight, OperatorVerb.Delete, false, BeginOutcome.InFlight },

        { Was.Lapsed, OperatorVerb.Resolve, true, BeginOutcome.Completed },
        { Was.Lapsed, OperatorVerb.Free, true, BeginOutcome.Claimed },
        { Was.Lapsed, OperatorVerb.Delete, true, BeginOutcome.Claimed },

        { Was.Unknown, OperatorVerb.Resolve, true, BeginOutcome.Completed },
        { Was.Unknown, OperatorVerb.Free, true, BeginOutcome.Claimed },
        { Was.Unknown, OperatorVerb.Delete, true, BeginOutcome.Claimed },

        // What a client has seen is not changed; it can be forgotten, which is asked for by its own name.
        { Was.Completed, OperatorVerb.Resolve, false, BeginOutcome.Completed },
        { Was.Completed, OperatorVerb.Free, false, BeginOutcome.Completed },
        { Was.Completed, OperatorVerb.Delete, true, BeginOutcome.Claimed },

        { Was.ExpiredLapsed, OperatorVerb.Resolve, false, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, OperatorVerb.Free, false, BeginOutcome.Claimed },
        { Was.ExpiredLapsed, OperatorVerb.Delete, false, BeginOutcome.Claimed },

        { Was.ExpiredUnknown, OperatorVerb.Resolve, false, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, OperatorVerb.Free, false, BeginOutcome.Claimed },
        { Was.ExpiredUnknown, OperatorVerb.Delete, false, BeginOutcome.Claimed },

        { Was.ExpiredCompleted, OperatorVerb.Resolve, false, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, OperatorVerb.Free, false, BeginOutcome.Claimed },
        { Was.ExpiredCompleted, OperatorVerb.Delete, false, BeginOutcome.Claimed },
    };

    public static TheoryData<Was, Holder, OperatorVerb> OperatorsOtherClaims
    {
        get
        {
            var data = new TheoryData<Was, Holder, OperatorVerb>();
            foreach (var state in (Was[])[Was.None, Was.InFlight, Was.Lapsed, Was.Unknown, Was.Completed])
            {
                foreach (var verb in Enum.GetValues<OperatorVerb>())
                {
                    data.Add(state, Holder.Lost, verb);
                    data.Add(state, Holder.Stranger, verb);
                }
            }

            return data;
        }
    }

    [ServerTheory]
    [MemberData(nameof(OperatorVerbs))]
    public async Task An_operators_verb_with_the_claim_that_the_record_has(Was state, OperatorVerb verb, bool answer, BeginOutcome then)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state);

        Assert.Equal(answer, await CallAsync(verb, key, claim));

        Assert.Equal(then, await OutcomeAsync(key));
        if (then == BeginOutcome.Completed)
        {
            Assert.Equal(state == Was.Completed ? "first" : "resolved", await ReplayAsync(key));
        }
    }

    [ServerTheory]
    [MemberData(nameof(OperatorsOtherClaims))]
    public async Task An_operators_verb_with_another_claim_answers_false_and_changes_nothing(Was state, Holder holder, OperatorVerb verb)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state, holder);
        var before = await Inspector.ReadAsync(key);

        Assert.False(await CallAsync(verb, key, claim));

        var after = await Inspector.ReadAsync(key);
        Assert.Equal(before?.State, after?.State);
        Assert.Equal(before?.Claim, after?.Claim);
        Assert.Equal(before?.Answer.ToArray(), after?.Answer.ToArray());
    }

    [ServerTheory]
    [InlineData(Was.Unknown)]
    [InlineData(Was.Lapsed)]
    public async Task What_was_resolved_with_an_answer_has_it_for_good_and_its_claim_is_lost(Was state)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state);
        var created = (await LookAsync(key)).CreatedAt;

        Assert.True(await CallAsync(OperatorVerb.Resolve, key, claim));

        Assert.False(await Store.CompleteAsync(key, claim, "late"u8.ToArray()));
        Assert.False(await Store.RenewAsync(key, claim, Lease));
        Assert.False(await Store.MarkUnknownAsync(key, claim));
        Assert.False(await Store.ReleaseAsync(key, claim));
        foreach (var verb in Enum.GetValues<OperatorVerb>())
        {
            Assert.False(await CallAsync(verb, key, claim));
        }

        var found = await Store.BeginAsync(Request(key, claim) with { TakeOverUnknown = true });
        Assert.Equal((BeginOutcome.Completed, Fingerprint, created), (found.Outcome, found.Fingerprint, found.CreatedAt));
        Assert.Equal("resolved", await ReplayAsync(key));

        var read = (await Inspector.ReadAsync(key))!;
        Assert.Equal(RecordState.Completed, read.State);
        Assert.NotEqual(claim, read.Claim);
        Assert.NotEqual(default, read.Claim);
        Assert.Equal(new RecordLabel("confirm-payment", "order-1", 7), read.Label);
    }

    [ServerTheory]
    [InlineData(0)]
    [InlineData(8193)]
    [InlineData(1 << 20)]
    public async Task An_answer_that_an_operator_gives_comes_back_byte_for_byte(int size)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, Was.Unknown);
        var buffer = Noise(size + 2);

        Assert.True(await Inspector.ResolveAsync(key, claim, buffer.AsMemory(1, size)));
        buffer.AsSpan().Clear();

        var found = await LookAsync(key);
        Assert.Equal(BeginOutcome.Completed, found.Outcome);
        Assert.True(found.Answer.Span.SequenceEqual(Noise(size + 2).AsSpan(1, size)));
        Assert.True((await Inspector.ReadAsync(key))!.Answer.Span.SequenceEqual(found.Answer.Span));
    }

    [ServerTheory]
    [InlineData(Was.Unknown, OperatorVerb.Free)]
    [InlineData(Was.Lapsed, OperatorVerb.Free)]
    [InlineData(Was.Unknown, OperatorVerb.Delete)]
    [InlineData(Was.Completed, OperatorVerb.Delete)]
    public async Task What_was_removed_runs_again_as_if_it_had_never_been_seen_and_belongs_to_the_new_claim_alone(Was state, OperatorVerb verb)
    {
        var key = NewKey();
        var old = await ArrangeAsync(key, state);
        var created = (await LookAsync(key)).CreatedAt;
        await ElapseAsync(TimeSpan.FromMilliseconds(5));

        Assert.True(await CallAsync(verb, key, old));

        Assert.False(await CallAsync(verb, key, old));
        Assert.Null(await Inspector.ReadAsync(key));
        Assert.False(await Store.CompleteAsync(key, old, "late"u8.ToArray()));
        Assert.Equal(0, await Inspector.CountAsync());

        var heir = Request(key, ClaimToken.New()) with { Fingerprint = OtherFingerprint };
        var begun = await Store.BeginAsync(heir);
        Assert.Equal(BeginOutcome.Claimed, begun.Outcome);
        Assert.True(begun.CreatedAt > created);
        Assert.False(await Store.CompleteAsync(key, old, "late"u8.ToArray()));
        Assert.True(await Store.CompleteAsync(key, heir.Claim, "new"u8.ToArray()));
        Assert.Equal("new", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task What_was_resolved_by_mistake_can_be_deleted_by_one_who_has_looked_at_it()
    {
        var key = NewKey();
        Assert.True(await CallAsync(OperatorVerb.Resolve, key, await ArrangeAsync(key, Was.Unknown)));

        Assert.True(await Inspector.DeleteAsync(key, (await Inspector.ReadAsync(key))!.Claim));

        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task An_operators_answer_is_kept_for_a_whole_retention_from_then_on()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, Lease, ShortRetention * 2);
        Assert.True(await Store.MarkUnknownAsync(key, claim));
        await ElapseAsync(ShortRetention);

        Assert.True(await CallAsync(OperatorVerb.Resolve, key, claim));

        await ElapseAsync(ShortRetention);
        Assert.Equal("resolved", await ReplayAsync(key));
        await ElapseAsync(ShortRetention);
        Assert.Equal(BeginOutcome.Claimed, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_lease_that_was_renewed_is_not_resolved()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key, ShortLease);
        Assert.True(await Store.RenewAsync(key, claim, Lease));
        await ElapseAsync(ShortLease);

        foreach (var verb in Enum.GetValues<OperatorVerb>())
        {
            Assert.False(await CallAsync(verb, key, claim));
        }

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
    }

    [ServerTheory]
    [InlineData(OperatorVerb.Resolve, Was.Unknown)]
    [InlineData(OperatorVerb.Free, Was.Unknown)]
    [InlineData(OperatorVerb.Delete, Was.Unknown)]
    [InlineData(OperatorVerb.Delete, Was.Completed)]
    public async Task Of_forty_simultaneous_operators_exactly_one_is_told_that_it_was_them(OperatorVerb verb, Was state)
    {
        for (var round = 0; round < 5; round++)
        {
            var key = NewKey();
            var claim = await ArrangeAsync(key, state);

            var done = await AtOnceAsync(40, i => verb == OperatorVerb.Resolve
                ? Inspector.ResolveAsync(key, claim, new[] { (byte)i }).AsTask()
                : CallAsync(verb, key, claim).AsTask());

            Assert.Single(done, d => d);
            if (verb == OperatorVerb.Resolve)
            {
                Assert.Equal([(byte)Array.IndexOf(done, true)], (await LookAsync(key)).Answer.ToArray());
            }
        }
    }

    [ServerTheory]
    [InlineData(OperatorVerb.Resolve)]
    [InlineData(OperatorVerb.Free)]
    public async Task A_late_answer_and_an_operator_who_resolves_never_both_win(OperatorVerb verb)
    {
        for (var round = 0; round < 20; round++)
        {
            var key = NewKey();
            var claim = await ArrangeAsync(key, Was.Unknown);

            var won = await AtOnceAsync(2, i => i == 0
                ? Store.CompleteAsync(key, claim, "late"u8.ToArray()).AsTask()
                : CallAsync(verb, key, claim).AsTask());

            Assert.Single(won, w => w);
            if (won[1] && verb == OperatorVerb.Free)
            {
                Assert.Null(await Inspector.ReadAsync(key));
            }
            else
            {
                Assert.Equal(won[0] ? "late" : "resolved", await ReplayAsync(key));
            }
        }
    }

    [ServerTheory]
    [InlineData(OperatorVerb.Resolve)]
    [InlineData(OperatorVerb.Free)]
    [InlineData(OperatorVerb.Delete)]
    public async Task A_take_over_and_an_operator_are_one_before_the_other(OperatorVerb verb)
    {
        for (var round = 0; round < 20; round++)
        {
            var key = NewKey();
            var old = await ArrangeAsync(key, Was.Unknown);
            var heir = Request(key, ClaimToken.New()) with { TakeOverUnknown = true };

            var won = await AtOnceAsync(2, async i => i == 0
                ? (await Store.BeginAsync(heir)).Outcome == BeginOutcome.Claimed
                : await CallAsync(verb, key, old));

            // Removed first, the key was free for the heir: both have won, one after the other.
            Assert.True(verb == OperatorVerb.Resolve ? won[0] != won[1] : won[0], $"{won[0]}, {won[1]}");
            Assert.Equal(won[0], await Store.CompleteAsync(key, heir.Claim, "heir's"u8.ToArray()));
            Assert.Equal(won[0] ? "heir's" : "resolved", await ReplayAsync(key));
        }
    }

    [ServerFact]
    public async Task However_many_begin_while_an_operator_frees_the_key_one_of_them_at_most_runs()
    {
        for (var round = 0; round < 10; round++)
        {
            var key = NewKey();
            var old = await ArrangeAsync(key, Was.Unknown);

            var claimed = await AtOnceAsync(20, async i => i == 0
                ? !await CallAsync(OperatorVerb.Free, key, old)
                : (await Store.BeginAsync(Request(key, ClaimToken.New()))).Outcome == BeginOutcome.Claimed);

            Assert.False(claimed[0]);
            Assert.InRange(claimed.Count(c => c), 0, 1);
        }
    }

    private ValueTask<bool> CallAsync(OperatorVerb verb, RecordKey key, ClaimToken held) => verb switch
    {
        OperatorVerb.Resolve => Inspector.ResolveAsync(key, held, "resolved"u8.ToArray()),
        OperatorVerb.Free => Inspector.ResolveAsync(key, held, answer: null),
        OperatorVerb.Delete => Inspector.DeleteAsync(key, held),
        _ => throw new ArgumentOutOfRangeException(nameof(verb)),
    };
}
