using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>Calls the store with a hard time limit.</summary>
internal static class StoreCall
{
    /// <exception cref="TimeoutException">Nothing is known about the step: it may still happen.</exception>
    public static ValueTask<T> WithinAsync<TState, T>(
        IIdempotencyStore store, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan limit, TimeProvider time)
    {
        var running = call(store, state);
        return running.IsCompleted ? running : new ValueTask<T>(running.AsTask().WaitAsync(limit, time));
    }
}
