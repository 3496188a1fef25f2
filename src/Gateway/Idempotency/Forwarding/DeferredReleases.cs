using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// Releases that the store did not take in time, of claims whose request was never sent: tried until they land, as the key
/// would otherwise be told of as an outcome that is unknown. Lost with the process, they turn into just that.
/// </summary>
internal sealed class DeferredReleases(StoreAccess store, StoreLimits limits, TimeProvider time, ILogger<DeferredReleases> logger) : BackgroundService
{
    /// <summary>Releases that may wait at once.</summary>
    internal const int MaxCount = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<ClaimToken, (RecordKey Key, Task Begin)> _waiting = [];
    private readonly SemaphoreSlim _added = new(0, 1);
    private bool _isFull;

    /// <summary>
    /// Frees a key whose request was never sent. Also for a begin that was given up: it may have been carried out, and would
    /// leave a claim that nobody holds.
    /// </summary>
    /// <param name="begin">
    /// A release may overtake it and find nothing; and a store's client that repeats a begin by itself may claim the record
    /// once more behind a release that found it. So it is released until a release has come after the begin's end.
    /// </param>
    public void Add(RecordKey key, ClaimToken claim, Task begin)
    {
        lock (_gate)
        {
            if (_waiting.Count >= MaxCount)
            {
                if (!_isFull)
                {
                    _isFull = true;
                    Log.ReleasesDropped(logger, MaxCount);
                }

                return;
            }

            _waiting[claim] = (key, begin);
            if (_added.CurrentCount == 0)
            {
                _added.Release();
            }
        }
    }

    /// <summary>Gives what is waiting one last completion's time.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ((Task)TryAllAsync(CancellationToken.None)).WaitAsync(limits.Completion, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                Log.ReleasesLost(logger, _waiting.Count);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _added.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _added.WaitAsync(stoppingToken);
                for (var pause = TimeSpan.Zero; await TryAllAsync(stoppingToken) > 0;)
                {
                    pause = StorePass.PauseAfter(pause);
                    await Task.Delay(pause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <returns>How many go on waiting.</returns>
    private async Task<int> TryAllAsync(CancellationToken stop)
    {
        KeyValuePair<ClaimToken, (RecordKey Key, Task Begin)>[] all;
        lock (_gate)
        {
            all = [.. _waiting];
        }

        await StorePass.RunAsync(all, ReleaseAsync, (waiting, e) => Log.DeferredReleaseFailed(logger, waiting.Value.Key, e), stop);
        lock (_gate)
        {
            return _waiting.Count;
        }
    }

    private async ValueTask ReleaseAsync(KeyValuePair<ClaimToken, (RecordKey Key, Task Begin)> waiting)
    {
        var (claim, (key, begin)) = waiting;
        var isBegun = begin.IsCompleted; // looked at first: a begin that ends during this release is the next one's
        await store.CallUncountedAsync(StoreVerb.Release, (key, claim), static (store, s) => store.ReleaseAsync(s.key, s.claim));
        if (!isBegun)
        {
            return;
        }

        lock (_gate)
        {
            _waiting.Remove(claim);
            _isFull = false;
        }
    }
}
