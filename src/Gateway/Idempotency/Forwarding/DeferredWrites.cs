using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// Writes that the store did not take in time and that must not be lost while this process lives: an answer that a client
/// was given, and the release of a claim whose request was never sent. They are tried until they land.
/// </summary>
/// <remarks>A claim with an answer to keep stays tracked, so that its lease is renewed and the key never becomes free meanwhile.</remarks>
internal sealed class DeferredWrites(IIdempotencyStore store, RunningClaims claims, StoreLimits limits, TimeProvider time, ILogger<DeferredWrites> logger) : IHostedService, IDisposable
{
    /// <summary>Bytes of answers that may wait. Beyond it an answer's record is left to become Unknown: honest, and bounded.</summary>
    internal const long MaxBytes = 64 << 20;

    /// <summary>Writes that may wait at once. During a long outage most of them are releases of claims that were never taken.</summary>
    internal const int MaxCount = 10_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _running = [];
    private long _bytes;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Takes a tracked claim over and untracks it when the answer has landed.</summary>
    public void Complete(RunningClaim claim, ReadOnlyMemory<byte> answer)
    {
        lock (_gate)
        {
            if (_bytes + answer.Length > MaxBytes)
            {
                Log.DeferredWriteDropped(logger, claim.Key, $"{MaxBytes} bytes are waiting already");
                return;
            }

            _bytes += answer.Length;
            claim.IsDeferred = true;
        }

        var copy = answer.ToArray(); // the caller's buffer is pooled
        Start(claim.Key, () => store.CompleteAsync(claim.Key, claim.Token, copy), () =>
        {
            claims.Untrack(claim);
            lock (_gate)
            {
                _bytes -= copy.Length;
            }
        });
    }

    /// <summary>
    /// Frees a key whose request was never sent. Also for a begin that was given up: it may have been carried out, and would
    /// leave a claim that nobody holds.
    /// </summary>
    /// <param name="begin">A release may overtake it and find nothing: until it has ended, one that found nothing is repeated.</param>
    public void Release(RecordKey key, ClaimToken claim, Task begin)
    {
        if (Count >= MaxCount)
        {
            Log.DeferredWriteDropped(logger, key, $"{MaxCount} writes are waiting already");
            return;
        }

        Start(key, ReleaseAsync, static () => { });

        async ValueTask<bool> ReleaseAsync()
        {
            var isBegun = begin.IsCompleted; // looked at first: a begin that ends during this release is the next one's
            return await store.ReleaseAsync(key, claim) || isBegun
                ? true
                : throw new TimeoutException("The begin is still running and may yet claim the record.");
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

    private void Start(RecordKey key, Func<ValueTask<bool>> write, Action landed)
    {
        lock (_gate)
        {
            var task = Task.Run(() => RunAsync(key, write, landed));
            _running.Add(task);
            task.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void Remove(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }

    private async Task RunAsync(RecordKey key, Func<ValueTask<bool>> write, Action landed)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var done = await StoreCall.WithinAsync(store, write, static (_, write) => write(), limits.Operation, time);
                if (done)
                {
                    Log.DeferredWriteLanded(logger, key);
                }
                else
                {
                    Log.DeferredWriteDropped(logger, key, "the claim was lost meanwhile");
                }

                landed();
                return;
            }
            catch (Exception e)
            {
                Log.DeferredWriteFailed(logger, key, e);
            }

            try
            {
                await Task.Delay(pause, time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                Log.DeferredWriteDropped(logger, key, "the gateway stops");
                return;
            }
        }
    }
}
