using Gateway.Stores;

namespace Gateway.Tests.Stores;

/// <summary>Many at once.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Of_forty_simultaneous_begins_exactly_one_claims()
    {
        for (var round = 0; round < 5; round++)
        {
            var key = NewKey();

            var begun = await AtOnceAsync(40, _ => Store.BeginAsync(Request(key, ClaimToken.New())).AsTask());

            Assert.Single(begun, b => b.Outcome == BeginOutcome.Claimed);
            Assert.Equal(39, begun.Count(b => b.Outcome == BeginOutcome.InFlight));
        }
    }

    [Theory]
    [InlineData(Was.Unknown)]
    [InlineData(Was.Lapsed)]
    public async Task Of_forty_simultaneous_take_overs_exactly_one_claims(Was state)
    {
        for (var round = 0; round < 5; round++)
        {
            var key = NewKey();
            await ArrangeAsync(key, state);

            var begun = await AtOnceAsync(40, _ => Store.BeginAsync(Request(key, ClaimToken.New()) with { TakeOverUnknown = true }).AsTask());

            Assert.Single(begun, b => b.Outcome == BeginOutcome.Claimed);
            Assert.Equal(39, begun.Count(b => b.Outcome == BeginOutcome.InFlight));
        }
    }

    [Fact]
    public async Task Of_forty_simultaneous_begins_on_an_expired_record_exactly_one_claims()
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.ExpiredCompleted);

        var begun = await AtOnceAsync(40, _ => Store.BeginAsync(Request(key, ClaimToken.New())).AsTask());

        Assert.Single(begun, b => b.Outcome == BeginOutcome.Claimed);
        Assert.Equal(39, begun.Count(b => b.Outcome == BeginOutcome.InFlight));
    }

    [Fact]
    public async Task A_begin_that_is_repeated_forty_times_at_once_is_claimed_every_time()
    {
        var request = Request(NewKey(), ClaimToken.New());

        var begun = await AtOnceAsync(40, _ => Store.BeginAsync(request).AsTask());

        Assert.All(begun, b => Assert.Equal(BeginOutcome.Claimed, b.Outcome));
        Assert.Equal(1, await Inspector.CountAsync());
    }

    [Fact]
    public async Task A_late_answer_and_a_take_over_never_both_win()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = NewKey();
            var old = await ArrangeAsync(key, Was.Unknown);
            var heir = Request(key, ClaimToken.New()) with { TakeOverUnknown = true };

            var won = await AtOnceAsync(2, async i => i == 0
                ? await Store.CompleteAsync(key, old, "old"u8.ToArray())
                : (await Store.BeginAsync(heir)).Outcome == BeginOutcome.Claimed);

            Assert.Single(won, w => w);
            Assert.Equal(won[0] ? BeginOutcome.Completed : BeginOutcome.InFlight, await OutcomeAsync(key));
        }
    }

    [Fact]
    public async Task A_release_and_an_answer_never_both_win()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = NewKey();
            var claim = await ClaimAsync(key);

            var won = await AtOnceAsync(2, async i => i == 0
                ? await Store.CompleteAsync(key, claim, "answer"u8.ToArray())
                : await Store.ReleaseAsync(key, claim));

            Assert.Single(won, w => w);
            Assert.Equal(won[0] ? BeginOutcome.Completed : BeginOutcome.Claimed, await OutcomeAsync(key));
        }
    }

    [Fact]
    public async Task Five_hundred_keys_in_parallel_each_replay_their_own_answer()
    {
        await AtOnceAsync(500, async i =>
        {
            var key = NewKey();
            var answer = Noise(i * 7);
            var claim = await ClaimAsync(key);
            Assert.Equal(BeginOutcome.InFlight, await OutcomeAsync(key));
            Assert.True(await Store.RenewAsync(key, claim, Lease));
            Assert.True(await Store.CompleteAsync(key, claim, answer));
            var replay = await LookAsync(key);
            Assert.Equal(BeginOutcome.Completed, replay.Outcome);
            Assert.True(replay.Answer.Span.SequenceEqual(answer));
            return true;
        });

        Assert.Equal(500, await Inspector.CountAsync());
    }

    /// <summary>Starts all of them through one gate, on as many threads as there are.</summary>
    protected static async Task<T[]> AtOnceAsync<T>(int count, Func<int, Task<T>> work)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Enumerable.Range(0, count).Select(i => Task.Run(async () =>
        {
            await gate.Task;
            return await work(i);
        })).ToArray();
        gate.SetResult();
        return await Task.WhenAll(running);
    }
}
