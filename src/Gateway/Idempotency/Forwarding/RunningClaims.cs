using System.Diagnostics.Metrics;
using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// All claims that this process holds. Renews their leases (a renewed lease is the sign of life that keeps a slow request
/// from being taken for a dead one), and at shutdown waits for the forwards that have no client left to wait for them.
/// </summary>
internal sealed class RunningClaims : IHostedService, IDisposable
{
    /// <summary>How often leases are looked at: often enough for a third of the shortest lease (1 s).</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly StoreAccess _store;
    private readonly StoreLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger<RunningClaims> _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private RunningClaim? _first;
    private TaskCompletionSource? _idle;
    private Task _renewing = Task.CompletedTask;

    public RunningClaims(StoreAccess store, StoreLimits limits, IMeterFactory meters, TimeProvider time, ILogger<RunningClaims> logger)
    {
        (_store, _limits, _time, _logger) = (store, limits, time, logger);
        var meter = meters.Create(StoreMeter.Name);
        meter.CreateObservableUpDownCounter(
            StoreMeter.RequestsRunning, () => (long)Forwarding, unit: "{request}", description: "Requests that hold a claim and have not ended, those without a client too.");
        meter.CreateObservableUpDownCounter(
            StoreMeter.RequestsWithoutClient, () => (long)Running().Count(claim => claim.HasLostClient), unit: "{request}", description: "Those whose client has gone.");
        meter.CreateObservableGauge(
            StoreMeter.RequestsOldest, () => Running().Select(claim => claim.Deadline.Elapsed.TotalSeconds).DefaultIfEmpty().Max(), unit: "s", description: "For how long the oldest of them has been running.");
    }

    /// <summary>The claims whose requests run now, in no order.</summary>
    public IReadOnlyList<RunningClaim> Running()
    {
        var running = new List<RunningClaim>();
        lock (_gate)
        {
            for (var claim = _first; claim is not null; claim = claim.Next)
            {
                if (!claim.IsDeferred)
                {
                    running.Add(claim);
                }
            }
        }

        return running;
    }

    /// <summary>Runs that have not ended.</summary>
    public int Forwarding { get; private set; }

    public void Track(RunningClaim claim)
    {
        lock (_gate)
        {
            claim.RenewAt = NextRenewal(claim);
            claim.IsTracked = true;
            claim.Next = _first;
            if (_first is not null)
            {
                _first.Previous = claim;
            }

            _first = claim;
            Forwarding++;
            if (_idle is not null)
            {
                claim.Deadline.Stop(); // too late to begin: it ends before anything is sent, and is released
            }
        }
    }

    /// <summary>
    /// The run is over, its record written and its client answered, or whatever was thrown: shutdown waits for this. No lease is renewed for
    /// it, or its key would say "in progress" for ever; but for an answer that waits for the store.
    /// </summary>
    public void EndForward(RunningClaim claim)
    {
        lock (_gate)
        {
            if (!claim.IsDeferred)
            {
                Remove(claim);
            }

            if (--Forwarding == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>The lease needs no renewal any more.</summary>
    public void Untrack(RunningClaim claim)
    {
        lock (_gate)
        {
            Remove(claim);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _renewing = RenewAsync();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Runs after the server has stopped, which has waited for its requests as long as the host allows. What is still
    /// running then has no client left: it is cut off, and has the time of one completion to write that its outcome is unknown.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            if (Forwarding > 0)
            {
                Log.CuttingOff(_logger, Forwarding);
            }

            for (var claim = _first; claim is not null; claim = claim.Next)
            {
                claim.Deadline.Stop();
            }

            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = Forwarding == 0 ? Task.CompletedTask : _idle.Task;
        }

        // Not the token: the host's patience has ended, and these writes are what keeps the promise.
        await Task.WhenAny(idle, Task.Delay(_limits.Completion + _limits.Operation, _time, CancellationToken.None));
        await _stop.CancelAsync();
        await _renewing;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Tick, _time);
        var due = new List<RunningClaim>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                TakeDue(due);
                foreach (var claim in due)
                {
                    // Not awaited: one slow answer must not cost the others their leases.
                    _ = RenewAsync(claim);
                }

                due.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void TakeDue(List<RunningClaim> due)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            for (var claim = _first; claim is not null; claim = claim.Next)
            {
                if (claim.RenewAt <= now && !claim.IsRenewing && !claim.IsLeaseLost)
                {
                    claim.IsRenewing = true;
                    claim.RenewAt = NextRenewal(claim);
                    due.Add(claim);
                }
            }
        }
    }

    private async Task RenewAsync(RunningClaim claim)
    {
        try
        {
            if (await RenewOnceAsync(claim) || !IsTracked(claim))
            {
                return; // or untracked meanwhile: the record is finished, not lost
            }

            if (await _store.IsClaimedAgainAsync(claim.Begun))
            {
                Log.ClaimedAgain(_logger, claim.Key);
                return;
            }

            lock (_gate)
            {
                claim.IsLeaseLost = claim.IsTracked;
            }

            if (claim.IsLeaseLost)
            {
                Log.LeaseLost(_logger, claim.Key);
            }
        }
        catch (Exception e)
        {
            if (e is not StoreCallException { WasNotSent: true })
            {
                Log.RenewFailed(_logger, claim.Key, e); // else the circuit has told it for all of them
            }

            claim.RenewAt = StampIn(claim.Lease / 12); // eight more tries within the lease
        }
        finally
        {
            claim.IsRenewing = false;
        }
    }

    /// <summary>Of an answer that waits for the store, it is one of many tries in the background, and not counted.</summary>
    private ValueTask<bool> RenewOnceAsync(RunningClaim claim) => claim.IsDeferred
        ? _store.CallUncountedAsync(StoreVerb.Renew, claim, static (store, claim) => store.RenewAsync(claim.Key, claim.Token, claim.Lease))
        : _store.CallAsync(StoreVerb.Renew, claim, static (store, claim) => store.RenewAsync(claim.Key, claim.Token, claim.Lease));

    /// <summary>Under the lock.</summary>
    private void Remove(RunningClaim claim)
    {
        if (!claim.IsTracked)
        {
            return;
        }

        claim.IsTracked = false;
        if (claim.Previous is { } previous)
        {
            previous.Next = claim.Next;
        }
        else
        {
            _first = claim.Next;
        }

        if (claim.Next is { } next)
        {
            next.Previous = claim.Previous;
        }

        claim.Previous = claim.Next = null;
    }

    private bool IsTracked(RunningClaim claim)
    {
        lock (_gate)
        {
            return claim.IsTracked;
        }
    }

    private long NextRenewal(RunningClaim claim) => StampIn(claim.Lease / 3);

    private long StampIn(TimeSpan pause) => _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
}
