using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Stores;

/// <summary>When the store is left alone, how it is found to be back, and what is told of it. On a clock that the test moves.</summary>
public sealed class StoreCircuitTests : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly WaitingClock _clock = new();
    private readonly CapturedLog _log = new();
    private readonly InMemoryStore _inner;
    private readonly FaultyStore _store;
    private readonly StoreParts _parts;
    private int _calls;
    private int _closings;
    private bool _isDown = true;
    private TaskCompletionSource _closed = new();
    private Task? _look;

    public StoreCircuitTests()
    {
        _inner = new InMemoryStore(_clock);
        _store = new FaultyStore(_inner)
        {
            Before = _ =>
            {
                _calls++;
                return _isDown ? throw new IOException("the store is down") : Task.CompletedTask;
            },
        };
        _parts = new StoreParts(_store, _clock, log: _log);
        Circuit.Closed += () =>
        {
            _closings++;
            _closed.TrySetResult();
        };
    }

    private StoreCircuit Circuit => _parts.Circuit;

    public void Dispose()
    {
        Circuit.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task It_opens_when_enough_calls_have_failed_and_not_before()
    {
        for (var i = 0; i < StoreCircuit.MinimumThroughput; i++)
        {
            Assert.False(Circuit.IsOpen);
            await FailAsync();
        }

        Assert.True(Circuit.IsOpen);
        Assert.Equal(StoreCircuit.MinimumThroughput, _calls);
    }

    [Fact]
    public async Task While_it_is_open_the_store_sees_nothing()
    {
        await OpenAsync();
        var before = _calls;

        for (var i = 0; i < 100; i++)
        {
            Assert.True((await FailAsync()).WasNotSent);
        }

        Assert.Equal(before, _calls);
    }

    [Fact]
    public async Task Failures_that_are_long_past_do_not_count()
    {
        for (var i = 0; i < 3 * StoreCircuit.MinimumThroughput; i++)
        {
            await FailAsync();
            _clock.Advance(_parts.Limits.Operation);
        }

        Assert.False(Circuit.IsOpen);
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(9, true)]
    public async Task A_store_that_fails_in_part_stays_in_use(int failuresInTen, bool opens)
    {
        // The good ones first: it looks after each call.
        for (var good = 0; good < 10 * (10 - failuresInTen); good++)
        {
            _isDown = false;
            await _parts.Access.BeginAsync(Request());
        }

        _isDown = true;
        for (var bad = 0; bad < 10 * failuresInTen; bad++)
        {
            Assert.False(Circuit.IsOpen);
            await FailAsync();
        }

        Assert.Equal(opens, Circuit.IsOpen);
    }

    [Fact]
    public async Task Hung_calls_open_it_too()
    {
        _store.Before = _ => Task.Delay(Timeout.Infinite);
        var calls = Enumerable.Range(0, StoreCircuit.MinimumThroughput).Select(_ => FailAsync()).ToList();
        Assert.False(Circuit.IsOpen);

        _clock.Advance(_parts.Limits.Operation);
        await Task.WhenAll(calls).WithinLimit();

        Assert.True(Circuit.IsOpen);
    }

    [Fact]
    public async Task Records_that_cannot_be_read_say_nothing_about_the_store()
    {
        _store.Before = _ => throw new InvalidDataException("version 9");

        for (var i = 0; i < 10 * StoreCircuit.MinimumThroughput; i++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(async () => await _parts.Access.BeginAsync(Request()));
        }

        Assert.False(Circuit.IsOpen);
    }

    [Fact]
    public async Task The_probe_finds_the_store_when_it_is_back_and_leaves_nothing_in_it()
    {
        await Circuit.StartAsync(CancellationToken.None);
        await OpenAsync();
        _isDown = false;

        await ProbesAsync(TimeSpan.FromSeconds(1));

        Assert.False(Circuit.IsOpen);
        Assert.Equal(1, _closings);
        Assert.Equal(0, await _inner.CountAsync());
        Assert.Equal(BeginOutcome.Claimed, (await _parts.Access.BeginAsync(Request())).Outcome);
    }

    [Fact]
    public async Task A_wall_clock_that_is_set_back_does_not_keep_it_open()
    {
        await Circuit.StartAsync(CancellationToken.None);
        await OpenAsync();
        _isDown = false;
        _clock.Leap(TimeSpan.FromHours(-1));

        await ProbesAsync(TimeSpan.FromSeconds(1));

        Assert.False(Circuit.IsOpen);
    }

    [Fact]
    public async Task It_asks_less_and_less_often_down_to_once_in_four_seconds()
    {
        await Circuit.StartAsync(CancellationToken.None);
        await OpenAsync();
        var asked = new List<TimeSpan>();
        var opened = _clock.GetUtcNow();
        _calls = 0;
        for (var look = 0; look < 80; look++)
        {
            await ProbesAsync(LookAgain);
            if (_calls > asked.Count)
            {
                asked.Add(_clock.GetUtcNow() - opened);
            }
        }

        Assert.Equal(new double[] { 1, 3, 7, 11, 15, 19 }.Select(TimeSpan.FromSeconds), asked);
    }

    [Fact]
    public async Task A_hung_probe_is_given_up_and_the_next_one_finds_the_store()
    {
        await Circuit.StartAsync(CancellationToken.None);
        await OpenAsync();
        var isHung = true;
        _store.Before = _ => isHung ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;

        await ProbesAsync(TimeSpan.FromSeconds(1) - LookAgain);
        Look();
        Assert.Equal(_parts.Limits.Operation, await _clock.NextWaitAsync().AsTask().WithinLimit()); // the probe itself
        isHung = false;
        _clock.Advance(_parts.Limits.Operation);
        await ProbesAsync(TimeSpan.FromSeconds(2));

        Assert.False(Circuit.IsOpen);
        Assert.Equal(0, await _inner.CountAsync());
    }

    [Fact]
    public async Task An_outage_is_told_once_and_its_end_once_however_many_probes_fail()
    {
        await Circuit.StartAsync(CancellationToken.None);
        for (var outage = 1; outage <= 2; outage++)
        {
            _isDown = true;
            await OpenAsync();
            await ProbesAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(outage, Told("CircuitOpened", LogLevel.Error));
            Assert.Equal(outage - 1, Told("CircuitClosed", LogLevel.Warning));

            _isDown = false;
            await ProbesAsync(TimeSpan.FromSeconds(4));
            Assert.Equal(outage, Told("CircuitClosed", LogLevel.Warning));
            Assert.False(Circuit.IsOpen);
        }

        Assert.Equal(4, _log.Entries.Count);
    }

    [Fact]
    public async Task A_gauge_shows_it()
    {
        using var gauge = new MetricCollector<int>(_parts.Meters, StoreMeter.Name, StoreMeter.CircuitOpen);
        Assert.Equal(0, Observe());
        await OpenAsync();
        Assert.Equal(1, Observe());
        _isDown = false;
        await Circuit.StartAsync(CancellationToken.None);
        await ProbesAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Observe());

        int Observe()
        {
            gauge.RecordObservableInstruments();
            return gauge.LastMeasurement!.Value;
        }
    }

    [Fact]
    public async Task Stopping_while_it_is_open_does_not_wait_for_the_next_probe()
    {
        await Circuit.StartAsync(CancellationToken.None);
        await OpenAsync();
        await ProbesAsync(LookAgain);

        await Circuit.StopAsync(CancellationToken.None).WithinLimit();

        Assert.True(Circuit.ExecuteTask!.IsCompletedSuccessfully);
    }

    private async Task OpenAsync()
    {
        _closed = new TaskCompletionSource();
        while (!Circuit.IsOpen)
        {
            await FailAsync();
        }
    }

    /// <summary>Lets the time pass, look by look. Returns when the last one's probe has ended, or the circuit has closed.</summary>
    private async Task ProbesAsync(TimeSpan time)
    {
        for (; time > TimeSpan.Zero && await WaitsAsync(); time -= LookAgain)
        {
            Look();
        }

        await WaitsAsync();
    }

    private void Look()
    {
        _look = null;
        _clock.Advance(LookAgain);
    }

    /// <returns>False: the circuit has closed, and waits for nothing.</returns>
    private async Task<bool> WaitsAsync()
    {
        _look ??= NextLookAsync();
        await Task.WhenAny(_look, _closed.Task).WithinLimit();
        return !_closed.Task.IsCompleted;
    }

    private async Task NextLookAsync()
    {
        while (await _clock.NextWaitAsync() != LookAgain)
        {
            // A call's time limit.
        }
    }

    private async Task<StoreCallException> FailAsync() =>
        await Assert.ThrowsAsync<StoreCallException>(async () => await _parts.Access.BeginAsync(Request()));

    private int Told(string eventName, LogLevel level) => _log.Entries.Count(entry => entry.Event == eventName && entry.Level == level);

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };
}
