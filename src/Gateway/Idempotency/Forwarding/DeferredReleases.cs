using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// Releases that the store did not take in time, of claims whose request was never sent: tried until they land, as the key
/// would otherwise be told of as an outcome that is unknown. Lost with the process, they turn into just that.
/// </summary>
internal sealed class DeferredReleases(StoreAccess store, StoreLimits limits, TimeProvider time, ILogger<DeferredReleases> logger) : IHostedService, IDisposable
{
    /// <summary>Releases that may wait at once.</summary>
    internal const int MaxCount = 10_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _running = [];

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
            if (_running.Count >= MaxCount)
            {
                Log.ReleaseDropped(logger, key, $"{MaxCount} releases are waiting already");
                return;
            }

            var task = Task.Run(() => RunAsync(key, claim, begin));
            _running.Add(task);
            task.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Gives what is waiting one last completion's time.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task all;
        lock (_gate)
        {
            all = Task.WhenAll(_running);
        }

        await Task.WhenAny(all, Task.Delay(limits.Completion, time, CancellationToken.None));
        await _stop.CancelAsync();
    }

    public void Dispose() => _stop.Dispose();

    private void Remove(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }

    private async Task RunAsync(RecordKey key, ClaimToken claim, Task begin)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var isBegun = begin.IsCompleted; // looked at first: a begin that ends during this release is the next one's
                await store.CallAsync((key, claim), static (store, s) => store.ReleaseAsync(s.key, s.claim));
                if (isBegun)
                {
                    return;
                }
            }
            catch (Exception e)
            {
                Log.DeferredReleaseFailed(logger, key, e);
            }

            try
            {
                await Task.Delay(pause, time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                Log.ReleaseDropped(logger, key, "the gateway stops");
                return;
            }
        }
    }
}
