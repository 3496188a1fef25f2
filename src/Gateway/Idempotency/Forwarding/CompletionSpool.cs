using System.Diagnostics.Metrics;
using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// Brings answers home that the store did not take in time: each is kept in the durable spool before its client gets it, and
/// tried until the store has it or its retention ends, by this process, by another that shares the spool, or after a restart.
/// </summary>
/// <remarks>
/// A claim of this process stays tracked meanwhile, so that its lease is renewed. If that fails as well, the record counts as
/// Unknown until the answer comes; a late answer is taken all the same.
/// </remarks>
internal sealed class CompletionSpool : BackgroundService
{
    /// <summary>Bytes of answers that may wait in memory alone, where the spool's file does not take them.</summary>
    internal const long MaxBytesInMemory = 64 << 20;

    private const int Page = 256;
    private const int AtOnce = 8;

    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly IAnswerSpool? _file;
    private readonly StoreAccess _store;
    private readonly RunningClaims _claims;
    private readonly StoreLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger<CompletionSpool> _logger;
    private readonly Counter<long> _settled;
    private readonly Lock _gate = new();
    private readonly Dictionary<ClaimToken, WaitingAnswer> _waiting = [];
    private readonly Dictionary<RecordKey, WaitingAnswer> _byKey = [];
    private readonly SemaphoreSlim _storeIsBack = new(0, 1);
    private long _bytes;
    private long _bytesInMemory;
    private long _lastNumber;

    /// <param name="file">Null: there is none (<c>Spool:MaxSize</c> is 0, or the store itself forgets), and answers wait in memory.</param>
    public CompletionSpool(
        StoreAccess store, StoreCircuit circuit, RunningClaims claims, StoreLimits limits, IMeterFactory meters, TimeProvider time, ILogger<CompletionSpool> logger, IAnswerSpool? file = null)
    {
        (_file, _store, _claims, _limits, _time, _logger) = (file, store, claims, limits, time, logger);
        circuit.Closed += Wake;
        var meter = meters.Create(StoreMeter.Name);
        meter.CreateObservableUpDownCounter(StoreMeter.SpoolAnswers, () => (long)Count, unit: "{answer}", description: "Answers that clients were given and the store has not taken yet.");
        meter.CreateObservableUpDownCounter(StoreMeter.SpoolSize, () => Interlocked.Read(ref _bytes), unit: "By", description: "Bytes of those answers.");
        _settled = meter.CreateCounter<long>(StoreMeter.SpoolSettled, unit: "{answer}", description: "Answers that have left the spool, by what became of them.");
    }

    /// <summary>Answers that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>
    /// Takes over an answer, before its client gets it, and its tracked claim. Returns when the answer is as safe as it can be made.
    /// </summary>
    public async ValueTask AddAsync(RunningClaim claim, Fingerprint fingerprint, TimeSpan retention, ReadOnlyMemory<byte> answer)
    {
        var waiting = new WaitingAnswer(claim.Key, claim.Token, fingerprint, _time.GetUtcNow() + retention, answer.Length)
        {
            Running = claim,
            Bytes = answer.ToArray(), // the caller's buffer is pooled
        };
        claim.IsDeferred = true;
        Enter(waiting, bytesInMemory: answer.Length);
        if (_file is not null && await IsWrittenAsync(_file, waiting))
        {
            return;
        }

        // Better in memory than nowhere: that outlives the store's failure, if not this process.
        if (Interlocked.Read(ref _bytesInMemory) > MaxBytesInMemory)
        {
            Leave(waiting, SpoolOutcome.Dropped);
            Log.AnswerDropped(_logger, claim.Key, $"{MaxBytesInMemory} bytes wait in memory already");
        }
    }

    /// <summary>The answer that waits under a key, if it does.</summary>
    public WaitingAnswer? Find(RecordKey key)
    {
        lock (_gate)
        {
            return _byKey.GetValueOrDefault(key) is { } waiting && waiting.ExpiresAt > _time.GetUtcNow() ? waiting : null;
        }
    }

    /// <returns>Null: it has come home meanwhile, or the file does not give it now.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(WaitingAnswer waiting)
    {
        try
        {
            return await BytesAsync(waiting) is { } bytes ? bytes : null;
        }
        catch (Exception e)
        {
            Log.SpoolFailed(_logger, e);
            return null;
        }
    }

    /// <summary>One last try; what the store does not take now waits in the file for the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ((Task)TryAllAsync()).WaitAsync(_limits.Completion, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                var inMemory = _waiting.Values.Count(waiting => waiting.Bytes is not null);
                Log.AnswersWait(_logger, _waiting.Count - inMemory, inMemory);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _storeIsBack.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero; // at start, at once: what an earlier process has left
        while (!stoppingToken.IsCancellationRequested)
        {
            using (var wait = new CancellationTokenSource(pause, _time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, stoppingToken))
            {
                await _storeIsBack.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await ReadOnAsync();
            var (settled, failed) = await TryAllAsync();
            pause = failed == 0 ? IdlePause : settled > 0 || pause < FirstPause ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private void Wake()
    {
        try
        {
            if (_storeIsBack.CurrentCount == 0)
            {
                _storeIsBack.Release();
            }
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else has woken it, or nobody is there any more.
        }
    }

    private async ValueTask<bool> IsWrittenAsync(IAnswerSpool file, WaitingAnswer waiting)
    {
        try
        {
            var number = await file.AddAsync(new SpooledAnswer(waiting.Key, waiting.Claim, waiting.Fingerprint, waiting.ExpiresAt, waiting.Bytes))
                .AsTask().WaitAsync(_limits.Operation, _time);
            IsInFile(waiting, number);
            return true;
        }
        catch (Exception e)
        {
            Log.AnswerNotSpooled(_logger, waiting.Key, e);
            return false;
        }
    }

    /// <summary>Entries that this process does not know yet: of its predecessor, and of others on this machine.</summary>
    private async Task ReadOnAsync()
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            IReadOnlyList<SpoolEntry> entries;
            do
            {
                entries = await _file.ListAsync(_lastNumber, Page).AsTask().WaitAsync(_limits.Operation, _time);
                foreach (var entry in entries)
                {
                    Meet(entry);
                    _lastNumber = entry.Number;
                }
            }
            while (entries.Count == Page);
        }
        catch (Exception e)
        {
            Log.SpoolFailed(_logger, e);
        }
    }

    private void Meet(in SpoolEntry entry)
    {
        WaitingAnswer? known;
        lock (_gate)
        {
            known = _waiting.GetValueOrDefault(entry.Claim);
        }

        if (known is not null)
        {
            IsInFile(known, entry.Number); // its own; or one whose writing had taken too long
        }
        else
        {
            Enter(new WaitingAnswer(entry.Key, entry.Claim, entry.Fingerprint, entry.ExpiresAt, entry.Size) { Number = entry.Number }, bytesInMemory: 0);
        }
    }

    private async Task<(int Settled, int Failed)> TryAllAsync()
    {
        WaitingAnswer[] all;
        lock (_gate)
        {
            all = [.. _waiting.Values];
        }

        var (settled, failed) = (0, 0);
        using var notNow = new CancellationTokenSource();
        try
        {
            await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = notNow.Token }, async (waiting, _) =>
            {
                try
                {
                    await SettleAsync(waiting);
                    Interlocked.Increment(ref settled);
                }
                catch (Exception e)
                {
                    Interlocked.Increment(ref failed);
                    if (e is StoreCallException { WasNotSent: true })
                    {
                        await notNow.CancelAsync(); // the others would hear the same
                    }
                    else
                    {
                        Log.AnswerNotTaken(_logger, waiting.Key, e);
                    }
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Later.
        }

        return (settled, failed);
    }

    private async ValueTask SettleAsync(WaitingAnswer waiting)
    {
        if (waiting.ExpiresAt <= _time.GetUtcNow())
        {
            Log.AnswerDropped(_logger, waiting.Key, "its retention has ended");
            Leave(waiting, SpoolOutcome.Expired);
        }
        else if (await BytesAsync(waiting) is not { } bytes)
        {
            Leave(waiting, SpoolOutcome.Stored); // brought home by another process
        }
        else if (await _store.CallAsync((waiting, bytes), static (store, s) => store.CompleteAsync(s.waiting.Key, s.waiting.Claim, s.bytes)))
        {
            Log.AnswerStored(_logger, waiting.Key);
            Leave(waiting, SpoolOutcome.Stored);
        }
        else
        {
            Log.AnswerDropped(_logger, waiting.Key, "its claim was lost meanwhile");
            Leave(waiting, SpoolOutcome.ClaimLost);
        }

        if (waiting.Number > 0)
        {
            try
            {
                await _file!.RemoveAsync(waiting.Number);
            }
            catch (Exception e)
            {
                Log.SpoolFailed(_logger, e); // it is tried again after the next start, which changes nothing
            }
        }
    }

    private async ValueTask<byte[]?> BytesAsync(WaitingAnswer waiting)
    {
        byte[]? bytes;
        long number;
        lock (_gate)
        {
            (bytes, number) = (waiting.Bytes, waiting.Number);
        }

        return bytes ?? await _file!.ReadAsync(number).AsTask().WaitAsync(_limits.Operation, _time);
    }

    private void Enter(WaitingAnswer waiting, int bytesInMemory)
    {
        lock (_gate)
        {
            _waiting[waiting.Claim] = waiting;
            _byKey[waiting.Key] = waiting;
            _bytes += waiting.Size;
            _bytesInMemory += bytesInMemory;
        }
    }

    private void IsInFile(WaitingAnswer waiting, long number)
    {
        lock (_gate)
        {
            waiting.Number = number;
            if (waiting.Bytes is not null)
            {
                waiting.Bytes = null;
                _bytesInMemory -= waiting.Size;
            }
        }
    }

    private void Leave(WaitingAnswer waiting, SpoolOutcome outcome)
    {
        _settled.Add(1, new KeyValuePair<string, object?>(StoreMeter.SpoolOutcomeTag, Name(outcome)));
        lock (_gate)
        {
            _waiting.Remove(waiting.Claim);
            if (ReferenceEquals(_byKey.GetValueOrDefault(waiting.Key), waiting))
            {
                _byKey.Remove(waiting.Key);
            }

            _bytes -= waiting.Size;
            _bytesInMemory -= waiting.Bytes is null ? 0 : waiting.Size;
        }

        if (waiting.Running is { } running)
        {
            _claims.Untrack(running);
        }
    }

    private static string Name(SpoolOutcome outcome) => outcome switch
    {
        SpoolOutcome.Stored => "stored",
        SpoolOutcome.ClaimLost => "claim_lost",
        SpoolOutcome.Expired => "expired",
        SpoolOutcome.Dropped => "dropped",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private enum SpoolOutcome
    {
        Stored,
        ClaimLost,
        Expired,
        Dropped,
    }
}
