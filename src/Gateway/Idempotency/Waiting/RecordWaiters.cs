using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Idempotency.Policies;
using Gateway.Stores;

namespace Gateway.Idempotency.Waiting;

/// <summary>
/// Wakes requests that wait for another one with their key: directly where it ran in this process, by the store's announcement
/// where it ran in another, and by one look for all of them, over and over, in case neither comes. A waiter holds no thread and
/// no poll of its own.
/// </summary>
internal sealed class RecordWaiters : BackgroundService
{
    private readonly ConcurrentDictionary<RecordKey, TaskCompletionSource> _waiting = [];
    private readonly SemaphoreSlim _first = new(0, 1);
    private readonly IRecordWatch _watch;
    private readonly StoreLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger<RecordWaiters> _logger;
    private int _requests;
    private bool _fails;

    public RecordWaiters(IRecordWatch watch, StoreLimits limits, IHostApplicationLifetime lifetime, IMeterFactory meters, TimeProvider time, ILogger<RecordWaiters> logger)
    {
        (_watch, _limits, _time, _logger) = (watch, limits, time, logger);
        Stopping = lifetime.ApplicationStopping;
        _watch.Announced += Wake;
        meters.Create(StoreMeter.Name).CreateObservableUpDownCounter(
            StoreMeter.RequestsWaiting, () => (long)Requests, unit: "{request}", description: "Requests that wait for another one with their key.");
    }

    /// <summary>Those that wait now.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Ends when the gateway stops: nobody is kept waiting then.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Ends when the record may have ended. To be asked for before the record is looked at: what ends in between is not missed.</summary>
    public Task Next(RecordKey key)
    {
        var next = _waiting.GetOrAdd(key, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        try
        {
            if (_first.CurrentCount == 0)
            {
                _first.Release();
            }
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else has, or the gateway has stopped.
        }

        return next;
    }

    public void Enter() => Interlocked.Increment(ref _requests);

    /// <summary>A request has done with waiting. Without any left, nothing is looked at any more.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _requests) == 0)
        {
            foreach (var key in _waiting.Keys)
            {
                Wake(key); // those that have come in this very moment ask once more
            }
        }
    }

    /// <summary>A record has ended here.</summary>
    public void Settled(RecordKey key, IdempotencyPolicy policy)
    {
        Wake(key);
        if (policy.InProgress == InProgressBehaviour.Wait)
        {
            try
            {
                _watch.Announce(key);
            }
            catch (Exception e)
            {
                Fails(e); // the answer is stored, and must not become an error for that: looking finds it
            }
        }
    }

    public override void Dispose()
    {
        _watch.Announced -= Wake;
        base.Dispose();
        _first.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_watch.PollInterval == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _first.WaitAsync(stoppingToken);
                await ListenAsync();
                for (var pause = _watch.PollInterval; !_waiting.IsEmpty;)
                {
                    await Task.Delay(pause, _time, stoppingToken);
                    if (_waiting.IsEmpty)
                    {
                        break;
                    }

                    pause = await LookAsync() ? _watch.PollInterval : Longer(pause);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private void Wake(RecordKey key)
    {
        if (_waiting.TryRemove(key, out var waiting))
        {
            waiting.TrySetResult();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            await _watch.ListenAsync().AsTask().WaitAsync(_limits.Operation, _time);
        }
        catch (Exception e)
        {
            Fails(e); // looking finds what is not heard
        }
    }

    /// <returns>False: the store did not answer.</returns>
    private async Task<bool> LookAsync()
    {
        try
        {
            foreach (var key in await _watch.FindSettledAsync([.. _waiting.Keys]).AsTask().WaitAsync(_limits.Operation, _time))
            {
                Wake(key);
            }

            _fails = false;
            return true;
        }
        catch (Exception e)
        {
            Fails(e);
            return false;
        }
    }

    private void Fails(Exception error)
    {
        if (!_fails)
        {
            _fails = true;
            Log.WatchFailed(_logger, error);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < TimeSpan.FromSeconds(5) ? pause * 2 : TimeSpan.FromSeconds(5);
}
