using System.Diagnostics;
using Polly.CircuitBreaker;

namespace Gateway.Stores;

/// <summary>
/// The way to the store for everybody who serves requests: each call has a hard time limit, and a store that fails all the
/// time is not asked (<see cref="StoreCircuit"/>).
/// </summary>
internal sealed class StoreAccess(IIdempotencyStore store, StoreCircuit circuit, StoreLimits limits, StoreTelemetry telemetry, TimeProvider time) : IDisposable
{
    private readonly CallLimit _operation = new(limits.Operation, time);

    /// <summary>The last that was heard of it: it is there, and takes no writes.</summary>
    private volatile bool _refusesWrites;

    /// <summary>
    /// What is known already, where the store refuses writes and still reads. Null: nothing is, or it does not read either; a
    /// store that is simply down is not asked.
    /// </summary>
    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        if (!_refusesWrites)
        {
            return null;
        }

        try
        {
            return await WithinAsync(StoreVerb.Find, key, static (store, key) => store.FindCompletedAsync(key), limit: null);
        }
        catch (StoreCallException)
        {
            _refusesWrites = false;
            return null;
        }
    }

    /// <exception cref="StoreCallException">No answer within <see cref="StoreLimits.Operation"/>.</exception>
    public ValueTask<BeginResult> BeginAsync(BeginRequest request) =>
        CallAsync(StoreVerb.Begin, request, static (store, request) => store.BeginAsync(request));

    /// <param name="limit">Null: <see cref="StoreLimits.Operation"/>.</param>
    /// <exception cref="StoreCallException">No answer. It tells whether the step may have happened.</exception>
    public ValueTask<T> CallAsync<TState, T>(StoreVerb verb, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit = null)
    {
        if (store.AnswersAtOnce)
        {
            return WithinAsync(verb, state, call, limit);
        }

        // While all is well the circuit is told afterwards: to go through it costs five state machines.
        return circuit.IsOpen ? GuardedAsync(verb, state, call, limit) : WithinAsync(verb, state, call, limit, isCounted: true);
    }

    /// <summary>
    /// For what is tried again and again in the background: it leaves the store alone as the others do, but its failures are
    /// not counted. The same few answers that the store does not take must not make it look down to everybody.
    /// </summary>
    /// <exception cref="StoreCallException">No answer. It tells whether the step may have happened.</exception>
    public ValueTask<T> CallUncountedAsync<TState, T>(StoreVerb verb, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit = null) =>
        circuit.IsOpen ? throw NotAsked(new BrokenCircuitException()) : WithinAsync(verb, state, call, limit);

    public void Dispose() => _operation.Dispose();

    private async ValueTask<T> GuardedAsync<TState, T>(StoreVerb verb, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit)
    {
        try
        {
            return await circuit.RunAsync((this, verb, state, call, limit), static s => s.Item1.WithinAsync(s.verb, s.state, s.call, s.limit));
        }
        catch (BrokenCircuitException e)
        {
            throw NotAsked(e);
        }
    }

    private static StoreCallException NotAsked(BrokenCircuitException e) => new("The store fails all the time, and was not asked.", call: null, e);

    /// <summary>Without a state machine where there was nothing to wait for.</summary>
    /// <param name="isCounted">The circuit is told of its end.</param>
    private ValueTask<T> WithinAsync<TState, T>(StoreVerb verb, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit, bool isCounted = false)
    {
        if (StoreTelemetry.IsTraced)
        {
            return TracedAsync(verb, state, call, limit, isCounted); // an activity lasts as long as an async method does, and no longer
        }

        var started = time.GetTimestamp();
        var running = Call(state, call);
        if (!running.IsCompletedSuccessfully)
        {
            return EndAsync(verb, running.AsTask(), limit, started, activity: null, isCounted);
        }

        telemetry.Ended(verb, time.GetElapsedTime(started), activity: null, error: null);
        var counting = isCounted ? circuit.ReportAsync(error: null) : default;
        return counting.IsCompletedSuccessfully ? new(running.Result) : CountedAsync(counting, running.Result);

        static async ValueTask<T> CountedAsync(ValueTask counting, T result)
        {
            await counting;
            return result;
        }
    }

    private async ValueTask<T> TracedAsync<TState, T>(StoreVerb verb, TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call, TimeSpan? limit, bool isCounted)
    {
        using var activity = StoreTelemetry.StartActivity(verb);
        var started = time.GetTimestamp();
        var running = Call(state, call);
        return await EndAsync(verb, running.AsTask(), limit, started, activity, isCounted);
    }

    private ValueTask<T> Call<TState, T>(TState state, Func<IIdempotencyStore, TState, ValueTask<T>> call)
    {
        try
        {
            return call(store, state);
        }
        catch (Exception e)
        {
            return ValueTask.FromException<T>(e);
        }
    }

    private async ValueTask<T> EndAsync<T>(StoreVerb verb, Task<T> call, TimeSpan? limit, long started, Activity? activity, bool isCounted)
    {
        try
        {
            if (limit is { } other && other != limits.Operation)
            {
                await call.WaitAsync(other, time);
            }
            else if (!call.IsCompleted && !await _operation.EndsInTimeAsync(call, started))
            {
                throw new TimeoutException();
            }

            var result = await call;
            telemetry.Ended(verb, time.GetElapsedTime(started), activity, error: null);
            if (isCounted)
            {
                await circuit.ReportAsync(error: null);
            }

            return result;
        }
        catch (Exception e)
        {
            telemetry.Ended(verb, time.GetElapsedTime(started), activity, e);
            if (isCounted)
            {
                await circuit.ReportAsync(e);
            }

            if (e is InvalidDataException)
            {
                throw;
            }

            _refusesWrites = e is StoreRefusesWritesException;
            throw new StoreCallException(e.Message, call, e);
        }
    }
}
