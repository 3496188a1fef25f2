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
    private const int Page = 256;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LeaseToComplete = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);

    private readonly IAnswerSpool? _file;
    private readonly StoreAccess _store;
    private readonly RunningClaims _claims;
    private readonly StoreLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger<CompletionSpool> _logger;
    private readonly Counter<long> _settled;
    private readonly WaitingAnswers _waiting = new();
    private readonly SemaphoreSlim _storeIsBack = new(0, 1);
    private long _lastNumber;
    private bool _fileFails;

    /// <param name="file">Null: there is none (<c>Spool:MaxSize</c> is 0, or the store itself forgets), and answers wait in memory.</param>
    public CompletionSpool(
        StoreAccess store, StoreCircuit circuit, RunningClaims claims, StoreLimits limits, IMeterFactory meters, TimeProvider time, ILogger<CompletionSpool> logger, IAnswerSpool? file = null)
    {
        (_file, _store, _claims, _limits, _time, _logger) = (file, store, claims, limits, time, logger);
        circuit.Closed += Wake;
        var meter = meters.Create(StoreMeter.Name);
        meter.CreateObservableUpDownCounter(StoreMeter.SpoolAnswers, () => (long)_waiting.Count, unit: "{answer}", description: "Answers that clients were given and the store has not taken yet.");
        meter.CreateObservableUpDownCounter(StoreMeter.SpoolSize, () => _waiting.Bytes, unit: "By", description: "Bytes of those answers.");
        _settled = meter.CreateCounter<long>(StoreMeter.SpoolSettled, unit: "{answer}", description: "Answers that have left the spool, by what became of them.");
    }

    /// <summary>False: the file could not be read to its end yet, so nobody can say what has been answered already.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Answers that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>
    /// Takes over an answer, before its client gets it, and its tracked claim. Returns when the answer is as safe as it can be made.
    /// </summary>
    public async ValueTask AddAsync(RunningClaim claim, ReadOnlyMemory<byte> answer)
    {
        var begun = claim.Begun;
        var waiting = new WaitingAnswer(begun.Key, begun.Claim, begun.Fingerprint, _time.GetUtcNow() + begun.Retention, answer.Length)
        {
            Running = claim,
            Label = begun.Label,
            Bytes = answer.ToArray(), // the caller's buffer is pooled
            IsBeingWritten = true,
        };
        claim.IsDeferred = true;
        _waiting.Enter(waiting);
        if (_file is not null)
        {
            try
            {
                await WriteAsync(_file, waiting, waiting.Bytes);
                return;
            }
            catch (Exception e)
            {
                Log.AnswerNotSpooled(_logger, waiting.Key, e);
            }
        }

        // Better in memory than nowhere: that outlives the store's failure, if not this process.
        if (!_waiting.StaysInMemory(waiting))
        {
            Leave(waiting, SpoolOutcome.Dropped);
            Log.AnswerDropped(_logger, claim.Key, $"no more than {WaitingAnswers.MaxBytesInMemory} bytes may wait in memory");
        }
    }

    /// <summary>The answer that waits under a key, if it does. Cheap while nothing waits: every request asks.</summary>
    public WaitingAnswer? Find(RecordKey key) => _waiting.Count == 0 ? null : _waiting.Find(key, _time.GetUtcNow());

    /// <returns>Null: it has come home meanwhile, and the store has it.</returns>
    /// <exception cref="StoreCallException">The file does not give it now.</exception>
    public async ValueTask<byte[]?> ReadAsync(WaitingAnswer waiting)
    {
        try
        {
            if (waiting is { IsBeingWritten: true, Writing: { } writing })
            {
                // Its first client does not have it yet either: nobody is given an answer that a crash could still take back.
                await writing.WaitAsync(_limits.Operation, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return await BytesAsync(waiting);
        }
        catch (Exception e)
        {
            throw new StoreCallException("The spool's file does not give an answer that waits in it.", Task.CompletedTask, e);
        }
    }

    /// <summary>What an earlier process has left is known before the first request comes.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReadOnAsync();
        if (_file is not null && IsKnown)
        {
            await TellOfOthersAsync(_file);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>One last try; what the store does not take now waits in the file for the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await LastTryAsync().WaitAsync(_limits.Completion, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_waiting.Count is > 0 and var all)
        {
            var inMemory = _waiting.InMemory.Length;
            Log.AnswersWait(_logger, all - inMemory, inMemory);
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

            await RemoveSettledAsync();
            await ReadOnAsync();
            var (settled, failed) = await TryAllAsync(stoppingToken);
            await WriteOnAsync();
            pause = failed == 0 ? IdlePause : StorePass.PauseAfter(settled > 0 ? TimeSpan.Zero : pause);
        }
    }

    private async Task TellOfOthersAsync(IAnswerSpool file)
    {
        try
        {
            if (await file.CountOthersAsync().AsTask().WaitAsync(_limits.Operation, _time) is > 0 and var others)
            {
                Log.SpoolOfAnotherStore(_logger, others);
            }
        }
        catch (Exception e)
        {
            FileFails(e);
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

    private async Task LastTryAsync()
    {
        await WriteOnAsync(); // first: it is what must not be lost
        await TryAllAsync(CancellationToken.None);
    }

    private Task WriteAsync(IAnswerSpool file, WaitingAnswer waiting, byte[] bytes)
    {
        waiting.Writing = WriteDownAsync(file, waiting, bytes);
        return waiting.Writing.WaitAsync(_limits.Operation, _time);
    }

    private async Task WriteDownAsync(IAnswerSpool file, WaitingAnswer waiting, byte[] bytes) =>
        _waiting.IsInFile(waiting, await file.AddAsync(new SpooledAnswer(waiting.Key, waiting.Claim, waiting.Fingerprint, waiting.ExpiresAt, bytes) { Label = waiting.Label }));

    /// <summary>What waits in memory alone goes into the file as soon as that takes it. The smallest first: the file may be nearly full.</summary>
    private async Task WriteOnAsync()
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            foreach (var (waiting, bytes) in _waiting.InMemory.OrderBy(one => one.Waiting.Size))
            {
                if (waiting.Writing is not { IsCompleted: false }) // one that was given up may yet happen
                {
                    await WriteAsync(_file, waiting, bytes);
                }
            }
        }
        catch (Exception)
        {
            // That it waits in memory was told when it came; the others would fare the same.
        }
    }

    /// <summary>Entries that this process does not know yet: of its predecessor, and of others on this machine.</summary>
    private async Task ReadOnAsync()
    {
        if (_file is null)
        {
            IsKnown = true;
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
                    _waiting.Meet(entry);
                    _lastNumber = entry.Number;
                }
            }
            while (entries.Count == Page);
            IsKnown = true;
            FileWorks();
        }
        catch (Exception e)
        {
            FileFails(e);
        }
    }

    private Task<(int Settled, int Failed)> TryAllAsync(CancellationToken stop)
    {
        // What has long expired needs no store. Those that have failed most come last: they must not keep the others from landing.
        var now = _time.GetUtcNow();
        var inTurn = _waiting.All.OrderBy(waiting => !IsLongExpired(waiting, now)).ThenBy(waiting => waiting.Failures);
        return StorePass.RunAsync(inTurn, SettleAsync, Failed, stop);

        void Failed(WaitingAnswer waiting, Exception e)
        {
            waiting.Failures++;
            Log.AnswerNotTaken(_logger, waiting.Key, e);
        }
    }

    /// <summary>
    /// An answer whose retention has ended by this machine's clock is still offered to the store, which has the say. Only long
    /// after is it dropped without asking.
    /// </summary>
    private static bool IsLongExpired(WaitingAnswer waiting, DateTimeOffset now) => waiting.ExpiresAt + AnswerSpoolOptions.Margin <= now;

    private async ValueTask SettleAsync(WaitingAnswer waiting)
    {
        var now = _time.GetUtcNow();
        if (IsLongExpired(waiting, now))
        {
            Log.AnswerDropped(_logger, waiting.Key, "its retention has long ended");
            Leave(waiting, SpoolOutcome.Expired);
        }
        else if (await BytesAsync(waiting) is not { } bytes)
        {
            Leave(waiting, SpoolOutcome.Stored); // brought home by another process
        }
        else if (await CompleteAsync(waiting, bytes) || (waiting.ExpiresAt > now && await IsClaimedAgainAsync(waiting) && await CompleteAsync(waiting, bytes)))
        {
            Log.AnswerStored(_logger, waiting.Key);
            Leave(waiting, SpoolOutcome.Stored);
        }
        else
        {
            var isExpired = waiting.ExpiresAt <= now;
            Log.AnswerDropped(_logger, waiting.Key, isExpired ? "its retention has ended" : "its claim was lost meanwhile");
            Leave(waiting, isExpired ? SpoolOutcome.Expired : SpoolOutcome.ClaimLost);
        }

        if (waiting.Number > 0)
        {
            await TryRemoveAsync(waiting.Number);
        }
    }

    private ValueTask<bool> CompleteAsync(WaitingAnswer waiting, byte[] bytes) =>
        _store.CallUncountedAsync(StoreVerb.Complete, (waiting, bytes), static (store, s) => store.CompleteAsync(s.waiting.Key, s.waiting.Claim, s.bytes), _limits.Completion);

    private ValueTask<bool> IsClaimedAgainAsync(WaitingAnswer waiting) => _store.IsClaimedAgainAsync(new BeginRequest
    {
        Key = waiting.Key,
        Claim = waiting.Claim,
        Fingerprint = waiting.Fingerprint,
        Lease = LeaseToComplete,
        Retention = waiting.ExpiresAt - _time.GetUtcNow() is var left && left > Shortest ? left : Shortest,
        Label = waiting.Label,
    });

    /// <summary>Entries whose removal has failed: left in the file, they would take its room.</summary>
    private async Task RemoveSettledAsync()
    {
        foreach (var number in _waiting.SettledNumbers)
        {
            if (!await TryRemoveAsync(number))
            {
                return;
            }
        }
    }

    private async Task<bool> TryRemoveAsync(long number)
    {
        try
        {
            await _file!.RemoveAsync(number).AsTask().WaitAsync(_limits.Operation, _time);
            _waiting.IsRemoved(number);
            return true;
        }
        catch (Exception e)
        {
            FileFails(e); // repeated in the next pass; after a restart it is settled again, which changes nothing
            return false;
        }
    }

    private async ValueTask<byte[]?> BytesAsync(WaitingAnswer waiting)
    {
        var (bytes, number) = _waiting.Whereabouts(waiting);
        return bytes ?? await _file!.ReadAsync(number).AsTask().WaitAsync(_limits.Operation, _time);
    }

    private void FileFails(Exception error)
    {
        if (!_fileFails)
        {
            _fileFails = true;
            Log.SpoolFailed(_logger, error);
        }
    }

    private void FileWorks()
    {
        if (_fileFails)
        {
            _fileFails = false;
            Log.SpoolWorksAgain(_logger);
        }
    }

    private void Leave(WaitingAnswer waiting, SpoolOutcome outcome)
    {
        if (!_waiting.Leave(waiting, isSettled: outcome != SpoolOutcome.Dropped))
        {
            return;
        }

        _settled.Add(1, new KeyValuePair<string, object?>(StoreMeter.SpoolOutcomeTag, Name(outcome)));
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
