using Polly.CircuitBreaker;

namespace Gateway.Stores;

/// <summary>
/// The way to the store for everybody who serves requests: each call has a hard time limit, and a store that fails all the
/// time is not asked (<see cref="StoreCircuit"/>).
/// </summary>
internal sealed class StoreAccess(IIdempotencyStore store, StoreCircuit circuit, StoreLimits limits, TimeProvider time)
{
    /// <exception cref="StoreCallException">No answer within <see cref="StoreLimits.Operation"/>.</exception>
    public ValueTask<BeginResult> BeginAsync(in BeginRequest request) =>
        CallAsync(request, static (store, request) => store.BeginAsync(request));

    /// <param name="limit">Null: <see cref="StoreLimits.Operation"/>.</param>
    /// <exception cref="StoreCallException">No answer. It tells whether the step may have happened.</exception>
    public async ValueTask<T> CallAsync<TState, T>(TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit = null)
    {
        try
        {
            return await circuit.RunAsync((this, state, call, limit), static s => s.Item1.WithinAsync(s.state, s.call, s.limit));
        }
        catch (BrokenCircuitException e)
        {
            throw NotAsked(e);
        }
    }

    /// <summary>
    /// For what is tried again and again in the background: it leaves the store alone as the others do, but its failures are
    /// not counted. The same few answers that the store does not take must not make it look down to everybody.
    /// </summary>
    /// <exception cref="StoreCallException">No answer. It tells whether the step may have happened.</exception>
    public ValueTask<T> CallUncountedAsync<TState, T>(TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call) =>
        circuit.IsOpen ? throw NotAsked(new BrokenCircuitException()) : WithinAsync(state, call, limit: null);

    private static StoreCallException NotAsked(BrokenCircuitException e) => new("The store fails all the time, and was not asked.", call: null, e);

    private async ValueTask<T> WithinAsync<TState, T>(TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit)
    {
        Task<T>? task = null;
        try
        {
            var running = call(store, state);
            if (running.IsCompleted)
            {
                return await running;
            }

            task = running.AsTask();
            return await task.WaitAsync(limit ?? limits.Operation, time);
        }
        catch (Exception e) when (e is not InvalidDataException)
        {
            throw new StoreCallException(e.Message, task ?? Task.CompletedTask, e);
        }
    }
}
