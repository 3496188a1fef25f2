using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// One round over all that waits for the store in the background: a few at once, and over as soon as it shows that the store
/// does not answer, so that it is not asked for each of thousands.
/// </summary>
internal static class StorePass
{
    private const int AtOnce = 8;

    /// <summary>Failures in a row that end a round.</summary>
    private const int MostFailures = 8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The pause behind a round that failed, by the one before it; zero where there was none.</summary>
    public static TimeSpan PauseAfter(TimeSpan pause) => pause < FirstPause ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    /// <param name="failed">Told of each failure, but for those of a store that was not asked: they end the round.</param>
    /// <param name="stop">Ends the round as well.</param>
    public static async Task<(int Settled, int Failed)> RunAsync<T>(IEnumerable<T> waiting, Func<T, ValueTask> settle, Action<T, Exception> failed, CancellationToken stop)
    {
        var (settled, failures, inARow) = (0, 0, 0);
        using var notNow = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await Parallel.ForEachAsync(waiting, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = notNow.Token }, async (one, _) =>
            {
                try
                {
                    await settle(one);
                    Interlocked.Increment(ref settled);
                    Volatile.Write(ref inARow, 0);
                }
                catch (Exception e)
                {
                    Interlocked.Increment(ref failures);
                    if (e is StoreCallException { WasNotSent: true })
                    {
                        await notNow.CancelAsync(); // the others would hear the same
                        return;
                    }

                    failed(one, e);
                    if (Interlocked.Increment(ref inARow) >= MostFailures)
                    {
                        await notNow.CancelAsync();
                    }
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Later.
        }

        return (settled, failures);
    }
}
