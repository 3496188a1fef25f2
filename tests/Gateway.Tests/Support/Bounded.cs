namespace Gateway.Tests.Support;

/// <summary>Waits for things that real processes and sockets do, with a bound that only a hang can reach.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task<T> WithinLimit<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task WithinLimit(this Task task) => task.WaitAsync(Limit);

    /// <summary>Asks until the answer is as wanted: for states of another process that cannot be subscribed to.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var answer = await ask();
            if (wanted(answer))
            {
                return answer;
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Still {answer} after {Limit}.");
            }

            await Task.Delay(25, CancellationToken.None);
        }
    }
}
