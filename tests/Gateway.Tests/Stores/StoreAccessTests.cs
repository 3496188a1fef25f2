using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>What a caller hears of a call that failed, hung or was never made: whether the step may have happened.</summary>
public sealed class StoreAccessTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FaultyStore _store;
    private readonly StoreParts _parts;

    public StoreAccessTests()
    {
        _store = new FaultyStore(new InMemoryStore(_time));
        _parts = new StoreParts(_store, _time);
    }

    [Fact]
    public async Task A_call_that_succeeds_gives_the_stores_answer()
    {
        var request = Request();

        Assert.Equal(BeginOutcome.Claimed, (await _parts.Access.BeginAsync(request)).Outcome);
        Assert.Equal(BeginOutcome.InFlight, (await _parts.Access.BeginAsync(request with { Claim = ClaimToken.New() })).Outcome);
        Assert.True(await CallAsync(request, static (store, r) => store.CompleteAsync(r.Key, r.Claim, "answer"u8.ToArray())));
        Assert.Equal("answer"u8.ToArray(), (await _parts.Access.BeginAsync(request with { Claim = ClaimToken.New() })).Answer.ToArray());
    }

    [Fact]
    public async Task A_call_that_fails_may_have_happened()
    {
        var broken = new IOException("broken");
        _store.Before = _ => throw broken;

        var failure = await Assert.ThrowsAsync<StoreCallException>(async () => await _parts.Access.BeginAsync(Request()));

        Assert.False(failure.WasNotSent);
        Assert.True(failure.Call!.IsCompleted);
        Assert.Same(broken, failure.InnerException);
    }

    [Fact]
    public async Task So_may_one_that_fails_later()
    {
        var answer = new TaskCompletionSource();
        _store.Before = _ => answer.Task;

        var call = _parts.Access.BeginAsync(Request()).AsTask();
        answer.SetException(new IOException("broken"));
        var failure = await Assert.ThrowsAsync<StoreCallException>(() => call);

        Assert.False(failure.WasNotSent);
        Assert.True(failure.Call!.IsFaulted);
        Assert.IsType<IOException>(failure.InnerException);
    }

    [Fact]
    public async Task A_store_that_throws_before_it_gives_a_task_is_a_failed_call_too()
    {
        var failure = await Assert.ThrowsAsync<StoreCallException>(async () =>
            await CallAsync<bool>(Request(), static (_, _) => throw new ObjectDisposedException("store")));

        Assert.False(failure.WasNotSent);
        Assert.IsType<ObjectDisposedException>(failure.InnerException);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_passes_through_as_it_is()
    {
        var unreadable = new InvalidDataException("version 9");
        _store.Before = _ => throw unreadable;
        Assert.Same(unreadable, await Assert.ThrowsAsync<InvalidDataException>(async () => await _parts.Access.BeginAsync(Request())));

        var later = new TaskCompletionSource();
        _store.Before = _ => later.Task;
        var call = _parts.Access.BeginAsync(Request()).AsTask();
        later.SetException(unreadable);
        Assert.Same(unreadable, await Assert.ThrowsAsync<InvalidDataException>(() => call));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(300)]
    public async Task A_call_that_hangs_is_given_up_at_its_limit_and_handed_over_as_it_runs(int? milliseconds)
    {
        TimeSpan? own = milliseconds is { } some ? TimeSpan.FromMilliseconds(some) : null;
        var limit = own ?? _parts.Limits.Operation;
        var request = Request();
        await _parts.Access.BeginAsync(request);
        var hang = new TaskCompletionSource();
        _store.Before = _ => hang.Task;

        var call = CallAsync(request, static (store, r) => store.CompleteAsync(r.Key, r.Claim, "late"u8.ToArray()), own).AsTask();
        _time.Advance(limit - TimeSpan.FromMilliseconds(1));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var failure = await Assert.ThrowsAsync<StoreCallException>(() => call);

        Assert.False(failure.WasNotSent);
        Assert.False(failure.Call!.IsCompleted);
        Assert.IsType<TimeoutException>(failure.InnerException);
        _store.Before = _ => Task.CompletedTask;
        hang.SetResult();
        await failure.Call.WithinLimit();
        Assert.Equal("late"u8.ToArray(), (await _parts.Access.BeginAsync(request with { Claim = ClaimToken.New() })).Answer.ToArray());
    }

    [Fact]
    public async Task A_call_that_is_not_made_has_certainly_not_happened()
    {
        var calls = 0;
        _store.Before = _ =>
        {
            calls++;
            throw new IOException("broken");
        };
        while (!_parts.Circuit.IsOpen)
        {
            await Assert.ThrowsAsync<StoreCallException>(async () => await _parts.Access.BeginAsync(Request()));
        }

        var before = calls;
        var failure = await Assert.ThrowsAsync<StoreCallException>(async () => await _parts.Access.BeginAsync(Request()));

        Assert.True(failure.WasNotSent);
        Assert.Null(failure.Call);
        Assert.Equal(before, calls);
    }

    [Fact]
    public async Task Uncounted_calls_do_not_open_the_circuit_and_are_not_made_while_it_is_open()
    {
        var calls = 0;
        _store.Before = _ =>
        {
            calls++;
            throw new IOException("broken");
        };
        for (var i = 1; i <= 10 * StoreCircuit.MinimumThroughput; i++)
        {
            Assert.False((await UncountedAsync()).WasNotSent);
            Assert.Equal(i, calls);
        }

        Assert.False(_parts.Circuit.IsOpen);
        while (!_parts.Circuit.IsOpen)
        {
            await Assert.ThrowsAsync<StoreCallException>(async () => await _parts.Access.BeginAsync(Request()));
        }

        var before = calls;
        _time.Advance(TimeSpan.FromHours(1)); // it would be half open to a call that counts
        Assert.True((await UncountedAsync()).WasNotSent);
        Assert.Equal(before, calls);

        async Task<StoreCallException> UncountedAsync() => await Assert.ThrowsAsync<StoreCallException>(async () =>
            await _parts.Access.CallUncountedAsync(StoreVerb.Renew, Request(), static (store, r) => store.RenewAsync(r.Key, r.Claim, r.Lease)));
    }

    [Fact]
    public async Task An_uncounted_call_has_the_time_limit_of_any_other()
    {
        _store.Before = _ => Task.Delay(Timeout.Infinite);

        var call = _parts.Access.CallUncountedAsync(StoreVerb.Renew, Request(), static (store, r) => store.RenewAsync(r.Key, r.Claim, r.Lease)).AsTask();
        _time.Advance(_parts.Limits.Operation);

        Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<StoreCallException>(() => call)).InnerException);
    }

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };

    private ValueTask<T> CallAsync<T>(BeginRequest request, Func<IIdempotencyStore, BeginRequest, ValueTask<T>> call, TimeSpan? limit = null) =>
        _parts.Access.CallAsync(StoreVerb.Begin, request, call, limit);
}
