using System.Diagnostics.Metrics;
using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Idempotency.Forwarding;

/// <summary>Renewal and shutdown, on a clock that the test moves.</summary>
public sealed class RunningClaimsTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly SemaphoreSlim _renewed = new(0);
    private FaultyStore _store = null!;
    private InMemoryStore _inner = null!;
    private RunningClaims _claims = null!;
    private IMeterFactory _meters = null!;

    public Task InitializeAsync()
    {
        _inner = new InMemoryStore(_time);
        _store = new FaultyStore(_inner)
        {
            After = verb =>
            {
                _renewed.Release();
                return Task.CompletedTask;
            },
        };
        var parts = new StoreParts(_store, _time);
        _meters = parts.Meters;
        _claims = new RunningClaims(parts.Access, parts.Limits, parts.Meters, _time, NullLogger<RunningClaims>.Instance);
        return _claims.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        _claims.Dispose();
        _renewed.Dispose();
    }

    [Fact]
    public async Task A_lease_is_renewed_at_a_third_of_it_and_lives_on_for_as_long_as_it_is_tracked()
    {
        var claim = await BeginAsync();
        _claims.Track(claim);
        for (var i = 0; i < 12; i++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(10)); // 120 s: four leases
            Assert.True(await _renewed.WaitAsync(Bounded.Limit));
        }

        Assert.Equal(BeginOutcome.InFlight, await SeenByAnotherAsync(claim));
    }

    [Fact]
    public async Task It_tells_what_runs_without_a_client_and_for_how_long_the_oldest_has()
    {
        using var client = new CancellationTokenSource();
        _claims.Track(await BeginAsync());
        _time.Advance(TimeSpan.FromSeconds(3));
        var lost = await BeginAsync(client.Token);
        _claims.Track(lost);
        var deferred = await BeginAsync(new CancellationToken(canceled: true));
        deferred.IsDeferred = true; // it has run, and its answer waits for the store
        _claims.Track(deferred);
        await client.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(1));

        using var without = new MetricCollector<long>(_meters, StoreMeter.Name, StoreMeter.RequestsWithoutClient);
        using var oldest = new MetricCollector<double>(_meters, StoreMeter.Name, StoreMeter.RequestsOldest);
        without.RecordObservableInstruments();
        oldest.RecordObservableInstruments();

        Assert.Equal((1, 4.0), (without.LastMeasurement!.Value, oldest.LastMeasurement!.Value));
        Assert.Equal([lost.Key], _claims.Running().Where(claim => claim.HasLostClient).Select(claim => claim.Key));
        Assert.Equal(2, _claims.Running().Count);
    }

    [Fact]
    public async Task Once_untracked_a_lease_runs_out()
    {
        var claim = await BeginAsync();
        _claims.Track(claim);
        _claims.Untrack(claim);
        await AdvanceAsync(Lease);
        Assert.Equal(0, _renewed.CurrentCount);
        Assert.Equal(BeginOutcome.Unknown, await SeenByAnotherAsync(claim));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_that_ends_takes_no_other_ones_renewal_with_it(int ended)
    {
        RunningClaim[] claims = [await BeginAsync(), await BeginAsync(), await BeginAsync()];
        foreach (var claim in claims)
        {
            _claims.Track(claim);
        }

        _claims.Untrack(claims[ended]);
        await AdvanceAsync(Lease / 3);
        Assert.True(await _renewed.WaitAsync(Bounded.Limit));
        Assert.True(await _renewed.WaitAsync(Bounded.Limit));
        await AdvanceAsync(Lease * 2 / 3);

        foreach (var claim in claims)
        {
            Assert.Equal(claim == claims[ended] ? BeginOutcome.Unknown : BeginOutcome.InFlight, await SeenByAnotherAsync(claim));
        }
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_within_its_lease_but_not_at_every_tick()
    {
        var claim = await BeginAsync();
        _claims.Track(claim);
        var failed = new SemaphoreSlim(0);
        _store.Before = _ =>
        {
            failed.Release();
            throw new IOException("broken");
        };
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.True(await failed.WaitAsync(Bounded.Limit));
        await AdvanceAsync(Lease / 12 - TimeSpan.FromMilliseconds(250));
        Assert.Equal(0, failed.CurrentCount); // a store that fails is not hammered by each request that is in flight
        _store.Before = _ => Task.CompletedTask;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(await _renewed.WaitAsync(Bounded.Limit));
        Assert.Equal(BeginOutcome.InFlight, await SeenByAnotherAsync(claim));
    }

    [Fact]
    public async Task One_hung_renewal_does_not_cost_the_others_their_leases()
    {
        var (hung, other) = (await BeginAsync(), await BeginAsync());
        var first = true;
        _store.Before = _ =>
        {
            var wait = first;
            first = false;
            return wait ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
        };
        _claims.Track(hung);
        _claims.Track(other);
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.True(await _renewed.WaitAsync(Bounded.Limit));
    }

    [Fact]
    public async Task Stopping_cuts_off_what_runs_and_waits_for_its_end()
    {
        var claim = await BeginAsync();
        _claims.Track(claim);
        var stopping = _claims.StopAsync(CancellationToken.None);
        Assert.True(claim.Deadline.IsStopped);
        Assert.True(claim.Deadline.Token.IsCancellationRequested);
        Assert.False(stopping.IsCompleted);
        _claims.Untrack(claim);
        Assert.False(stopping.IsCompleted); // its record may not be written yet
        _claims.EndForward(claim);
        await stopping.WithinLimit();
    }

    [Fact]
    public async Task What_begins_while_stopping_is_cut_off_before_it_sends()
    {
        var running = await BeginAsync();
        _claims.Track(running);
        var stopping = _claims.StopAsync(CancellationToken.None);
        var late = await BeginAsync();
        _claims.Track(late);
        Assert.True(late.Deadline.IsStopped);
        _claims.EndForward(running);
        _claims.EndForward(late);
        await stopping.WithinLimit();
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_ever()
    {
        _claims.Track(await BeginAsync());
        var stopping = _claims.StopAsync(new CancellationToken(canceled: true));
        Assert.False(stopping.IsCompleted); // the host's patience is over, this one's is not
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        await stopping.WithinLimit();
    }

    private async Task StopAsync()
    {
        var stopping = _claims.StopAsync(CancellationToken.None);
        while (!stopping.IsCompleted)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<RunningClaim> BeginAsync(CancellationToken client = default)
    {
        var request = Request();
        await _inner.BeginAsync(request);
        return new RunningClaim(request, new ForwardDeadline(TimeSpan.FromHours(1), _time), client);
    }

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = default,
        Lease = Lease,
        Retention = TimeSpan.FromHours(24),
        Label = new RecordLabel("o", "k", 0),
    };

    private async Task<BeginOutcome> SeenByAnotherAsync(RunningClaim claim) => (await _inner.BeginAsync(Request() with { Key = claim.Key })).Outcome;

    /// <summary>In steps of a tick, each heard by the loop before the next: a periodic timer keeps no count of ticks that it missed.</summary>
    private async Task AdvanceAsync(TimeSpan time)
    {
        for (var step = TimeSpan.FromMilliseconds(250); time > TimeSpan.Zero; time -= step)
        {
            _time.Advance(step);
            await Task.Yield();
        }
    }
}
