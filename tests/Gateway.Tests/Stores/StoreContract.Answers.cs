using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>What a begin tells, and that answers come back as they were given.</summary>
public abstract partial class StoreContract
{
    public static TheoryData<string> AnswerKinds => ["empty", "one zero byte", "every byte value", "a page and one byte", "1 MiB"];

    [ServerTheory]
    [MemberData(nameof(AnswerKinds))]
    public async Task An_answer_comes_back_byte_for_byte(string kind)
    {
        var answer = kind switch
        {
            "empty" => [],
            "one zero byte" => [0],
            "every byte value" => [.. Enumerable.Range(0, 256).Select(i => (byte)i)],
            "a page and one byte" => Noise(8193),
            _ => Noise(1 << 20),
        };
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Assert.True(await Store.CompleteAsync(key, claim, answer));

        for (var i = 0; i < 2; i++)
        {
            var replay = await LookAsync(key);
            Assert.Equal(BeginOutcome.Completed, replay.Outcome);
            Assert.True(replay.Answer.Span.SequenceEqual(answer));
        }
    }

    [ServerFact]
    public async Task A_slice_of_a_larger_buffer_is_kept_as_that_slice()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        var rented = Noise(300);

        Assert.True(await Store.CompleteAsync(key, claim, rented.AsMemory(100, 50)));

        Assert.True((await LookAsync(key)).Answer.Span.SequenceEqual(rented.AsSpan(100, 50)));
    }

    [ServerFact]
    public async Task The_buffer_of_an_answer_may_be_used_again_when_the_call_has_ended()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        var buffer = "kept"u8.ToArray();

        Assert.True(await Store.CompleteAsync(key, claim, buffer));
        buffer.AsSpan().Fill((byte)'x');

        Assert.Equal("kept", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task An_answer_that_arrives_again_leaves_the_first_in_place()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);

        Assert.True(await Store.CompleteAsync(key, claim, "first"u8.ToArray()));
        Assert.True(await Store.CompleteAsync(key, claim, "second, and longer"u8.ToArray()));

        Assert.Equal("first", await ReplayAsync(key));
    }

    [ServerTheory]
    [InlineData(Was.InFlight)]
    [InlineData(Was.Lapsed)]
    [InlineData(Was.Unknown)]
    [InlineData(Was.Completed)]
    public async Task A_begin_tells_the_fingerprint_and_when_the_key_was_first_seen(Was state)
    {
        var key = NewKey();
        await ArrangeAsync(key, state);

        var first = await LookAsync(key);
        await ElapseAsync(TimeSpan.FromMilliseconds(5));
        var second = await LookAsync(key);

        Assert.Equal(Fingerprint, first.Fingerprint);
        Assert.Equal(Fingerprint, second.Fingerprint);
        Assert.NotEqual(default, first.CreatedAt);
        Assert.Equal(first.CreatedAt, second.CreatedAt);
    }

    [ServerFact]
    public async Task The_moment_when_a_key_was_first_seen_stays_through_all_states_and_a_take_over()
    {
        var key = NewKey();
        var first = await ClaimAsync(key);
        var created = (await LookAsync(key)).CreatedAt;

        await ElapseAsync(TimeSpan.FromMilliseconds(5));
        Assert.True(await Store.RenewAsync(key, first, Lease));
        Assert.Equal(created, (await LookAsync(key)).CreatedAt);

        Assert.True(await Store.MarkUnknownAsync(key, first));
        Assert.Equal(created, (await LookAsync(key)).CreatedAt);

        await ElapseAsync(TimeSpan.FromMilliseconds(5));
        var second = ClaimToken.New();
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(Request(key, second) with { TakeOverUnknown = true })).Outcome);
        Assert.Equal(created, (await LookAsync(key)).CreatedAt);

        Assert.True(await Store.CompleteAsync(key, second, default));
        Assert.Equal(created, (await LookAsync(key)).CreatedAt);
    }

    [ServerFact]
    public async Task A_begin_tells_how_much_of_the_lease_is_left()
    {
        var key = NewKey();
        await ClaimAsync(key);

        var fresh = (await LookAsync(key)).LeaseRemaining;
        await ElapseAsync(TimeSpan.FromMilliseconds(500));
        var later = (await LookAsync(key)).LeaseRemaining;

        Assert.InRange(fresh, TimeSpan.FromTicks(1), Lease);
        Assert.InRange(later, TimeSpan.FromTicks(1), fresh - TimeSpan.FromMilliseconds(499));
    }

    [ServerFact]
    public async Task Keys_that_differ_in_one_bit_are_apart()
    {
        var key = NewKey();
        await ClaimAsync(key);
        for (var bit = 0; bit < 128; bit++)
        {
            var near = new RecordKey(key.Value ^ (UInt128.One << bit));
            var claim = await ClaimAsync(near);
            Assert.True(await Store.CompleteAsync(near, claim, new[] { (byte)bit }));
        }

        for (var bit = 0; bit < 128; bit++)
        {
            Assert.Equal([(byte)bit], (await LookAsync(new RecordKey(key.Value ^ (UInt128.One << bit)))).Answer.ToArray());
        }

        Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
    }

    [ServerFact]
    public async Task A_claim_that_differs_in_one_bit_does_not_hold_the_record()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        for (var bit = 0; bit < 128; bit++)
        {
            Assert.False(await Store.CompleteAsync(key, new ClaimToken(claim.Value ^ (UInt128.One << bit)), default));
        }

        Assert.True(await Store.CompleteAsync(key, claim, default));
    }

    [ServerTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_take_over_needs_all_three_parts_of_the_fingerprint(int part)
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.Unknown);
        var other = part switch
        {
            0 => Fingerprint with { RequestLine = Fingerprint.RequestLine ^ 1 },
            1 => Fingerprint with { Headers = Fingerprint.Headers ^ 1 },
            _ => Fingerprint with { Body = Fingerprint.Body ^ 1 },
        };

        var begun = await Store.BeginAsync(Request(key, ClaimToken.New()) with { TakeOverUnknown = true, Fingerprint = other });

        Assert.Equal(BeginOutcome.Unknown, begun.Outcome);
        Assert.Equal(Fingerprint, begun.Fingerprint);
    }

    protected static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    [ServerTheory]
    [InlineData(Was.None)]
    [InlineData(Was.InFlight)]
    [InlineData(Was.Lapsed)]
    [InlineData(Was.Unknown)]
    [InlineData(Was.Completed)]
    [InlineData(Was.ExpiredUnknown)]
    [InlineData(Was.ExpiredCompleted)]
    public async Task Reading_alone_finds_a_completed_record_and_no_other_and_changes_nothing(Was state)
    {
        var key = NewKey();
        await ArrangeAsync(key, state);

        var found = await Store.FindCompletedAsync(key);

        if (state == Was.Completed)
        {
            Assert.Equal((BeginOutcome.Completed, Fingerprint), (found!.Value.Outcome, found.Value.Fingerprint));
            Assert.Equal("first"u8, found.Value.Answer.Span);
            Assert.Equal((await LookAsync(key)).CreatedAt, found.Value.CreatedAt);
        }
        else
        {
            Assert.Null(found);
        }

        if (state == Was.None)
        {
            Assert.Equal(0, await Inspector.CountAsync());
        }
    }
}
