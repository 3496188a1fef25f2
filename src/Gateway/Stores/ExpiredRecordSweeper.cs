namespace Gateway.Stores;

/// <summary>Removes expired records in small batches, so that no request waits long behind one.</summary>
/// <param name="usable">Ends when the store has been tried out: before that it may have no tables yet.</param>
internal sealed class ExpiredRecordSweeper(IStoreInspector inspector, Task usable, TimeProvider time, ILogger<ExpiredRecordSweeper> logger) : BackgroundService
{
    internal const int BatchSize = 200;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    /// <summary>Up to 2 000 records a second, 170 million a day: a million that expire at once take a tenth of a busy SQLite's throughput, for eight minutes.</summary>
    internal static readonly TimeSpan BetweenBatches = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await usable.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Period;
            try
            {
                if (await inspector.SweepAsync(BatchSize) == BatchSize)
                {
                    pause = BetweenBatches;
                }
            }
            catch (Exception e)
            {
                StoreLog.SweepFailed(logger, e);
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
