using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

public sealed class CallLimitTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Half = Limit / 2;

    private readonly CountingTime _time = new();
    private readonly CallLimit _limit;

    public CallLimitTests() => _limit = new CallLimit(Limit, _time);

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task A_call_that_ends_in_time_ends_as_it_does()
    {
        var (good, bad, gone) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var (first, second, third) = (Wait(good), Wait(bad), Wait(gone));
        good.SetResult(7);
        bad.SetException(new IOException("broken"));
        gone.SetCanceled();

        Assert.Equal(7, await first.WithinLimit());
        Assert.Equal("broken", (await Assert.ThrowsAsync<IOException>(() => second.WithinLimit())).Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third.WithinLimit());
    }

    [Fact]
    public async Task Each_call_has_the_whole_time_and_no_more()
    {
        var never = new TaskCompletionSource<int>();
        var first = Wait(never);
        _time.Advance(Half);
        var second = Wait(new TaskCompletionSource<int>());
        _time.Advance(Half - TimeSpan.FromTicks(1));
        Assert.False(first.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => first.WithinLimit());
        never.SetResult(1); // nobody listens any more
        _time.Advance(Half - TimeSpan.FromTicks(1));
        Assert.False(second.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => second.WithinLimit());
    }

    [Fact]
    public async Task Those_that_end_out_of_turn_leave_the_others_their_time()
    {
        var calls = Enumerable.Range(0, 5).Select(_ => new TaskCompletionSource<int>()).ToArray();
        var waits = calls.Select(Wait).ToArray();
        foreach (var i in (int[])[2, 0, 4]) // in the middle, the first, the last
        {
            calls[i].SetResult(i);
            Assert.Equal(i, await waits[i].WithinLimit());
        }

        _time.Advance(Half);
        var late = Wait(new TaskCompletionSource<int>());
        _time.Advance(Half);
        await Assert.ThrowsAsync<TimeoutException>(() => waits[1].WithinLimit());
        await Assert.ThrowsAsync<TimeoutException>(() => waits[3].WithinLimit());
        Assert.False(late.IsCompleted);
        _time.Advance(Half);
        await Assert.ThrowsAsync<TimeoutException>(() => late.WithinLimit());
    }

    [Fact]
    public async Task One_timer_serves_all()
    {
        for (var i = 0; i < 100; i++)
        {
            var call = new TaskCompletionSource<int>();
            var wait = Wait(call);
            call.SetResult(i);
            Assert.Equal(i, await wait.WithinLimit());
        }

        Assert.Equal(1, _time.Timers);
    }

    [Fact]
    public async Task A_call_that_ends_and_runs_out_at_once_has_one_end()
    {
        for (var i = 0; i < 200; i++)
        {
            var call = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            var wait = Wait(call);
            await Task.WhenAll(Task.Run(() => call.SetResult(7)), Task.Run(() => _time.Advance(Limit))).WithinLimit();
            try
            {
                Assert.Equal(7, await wait.WithinLimit());
            }
            catch (TimeoutException)
            {
                // As good.
            }
        }
    }

    private async Task<int> Wait(TaskCompletionSource<int> call)
    {
        var task = call.Task;
        return await _limit.EndsInTimeAsync(task, _time.GetTimestamp()) ? await task : throw new TimeoutException();
    }

    private sealed class CountingTime : FakeTimeProvider
    {
        public int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
