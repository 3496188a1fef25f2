namespace Gateway.Stores;

/// <summary>
/// Writes, replays and removes synthetic records at start, on the real store: a gateway whose look-ups never find what it
/// wrote would run everything twice, and nobody would notice. Readiness waits for it.
/// </summary>
internal sealed class StoreSelfTest(IIdempotencyStore store, IEnumerable<IStorePrecondition> preconditions, TimeProvider time, ILogger<StoreSelfTest> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>How long the finished record stays: it is removed by expiring.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasPassed => _passed.Task.IsCompleted;

    /// <summary>Ends when it has.</summary>
    public Task Passed => _passed.Task;

    /// <exception cref="InvalidOperationException">The store does not do what its contract says.</exception>
    public static async Task RunAsync(IIdempotencyStore store)
    {
        var answer = "self-test"u8.ToArray();
        var finished = Request(ClaimToken.New());
        Expect((await store.BeginAsync(finished)).Outcome == BeginOutcome.Claimed, "a new record could not be claimed");
        Expect((await store.BeginAsync(finished with { Claim = ClaimToken.New() })).Outcome == BeginOutcome.InFlight, "a claimed record could be claimed again");
        Expect(await store.CompleteAsync(finished.Key, finished.Claim, answer), "a claim could not be completed");
        var replay = await store.BeginAsync(finished with { Claim = ClaimToken.New() });
        Expect(replay.Outcome == BeginOutcome.Completed && replay.Answer.Span.SequenceEqual(answer), "a completed record was not replayed");

        await ClaimAndReleaseAsync(store);
    }

    /// <summary>The shortest proof that the store takes writes. Nothing is left of it.</summary>
    public static async Task ClaimAndReleaseAsync(IIdempotencyStore store)
    {
        var released = Request(ClaimToken.New());
        Expect((await store.BeginAsync(released)).Outcome == BeginOutcome.Claimed, "a new record could not be claimed");
        Expect(await store.ReleaseAsync(released.Key, released.Claim), "a claim could not be released");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var precondition in preconditions)
                {
                    await precondition.CheckAsync().WaitAsync(Limit, time, stoppingToken);
                }

                await RunAsync(store).WaitAsync(Limit, time, stoppingToken);
                _passed.SetResult();
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                StoreLog.SelfTestFailed(logger, e);
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static BeginRequest Request(ClaimToken claim) => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = claim,
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = Lease,
        Retention = Retention,
        Label = new RecordLabel("(self-test)", "self-test", 0),
    };

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Self-test of the store: {otherwise}.");
        }
    }
}
