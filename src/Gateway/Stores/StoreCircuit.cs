using System.Diagnostics.Metrics;
using Polly;
using Polly.CircuitBreaker;

namespace Gateway.Stores;

/// <summary>
/// Leaves a store alone that fails all the time: its callers are told at once, nothing queues up behind it, and a probe in the
/// background finds out when it is back.
/// </summary>
/// <remarks>
/// It opens when nine calls in ten fail (at least <see cref="MinimumThroughput"/> within the sampling time), so that one broken
/// shard of several does not take the others away. Polly keeps the count; the half-open state's one call is mostly the
/// probe's, so that no client has to wait for a store that hangs.
/// </remarks>
internal sealed class StoreCircuit : BackgroundService
{
    internal const int MinimumThroughput = 5;
    private const double FailureRatio = 0.9;

    private static readonly TimeSpan FirstBreak = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBreak = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ShortestSampling = TimeSpan.FromMilliseconds(500); // Polly's least
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private readonly IIdempotencyStore _store;
    private readonly StoreLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreCircuit> _logger;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly SemaphoreSlim _opened = new(0);
    private readonly ResiliencePipeline _pipeline;
    private bool _isTold;

    public StoreCircuit(IIdempotencyStore store, StoreLimits limits, TimeProvider time, IMeterFactory meters, ILogger<StoreCircuit> logger)
    {
        (_store, _limits, _time, _logger) = (store, limits, time, logger);
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = new SteadyTime(time) }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = FailureRatio,
                MinimumThroughput = MinimumThroughput,
                SamplingDuration = limits.Operation > ShortestSampling ? limits.Operation : ShortestSampling,
                BreakDuration = FirstBreak,
                BreakDurationGenerator = static broken => new(TimeSpan.FromTicks(Math.Min(FirstBreak.Ticks << Math.Min(broken.HalfOpenAttempts, 8), LongestBreak.Ticks))),

                // A record that cannot be read says nothing about the store.
                ShouldHandle = static call => new(call.Outcome.Exception is not null and not InvalidDataException),
                StateProvider = _state,
                OnOpened = OnOpened,
                OnClosed = OnClosed,
            })
            .Build();
        meters.Create(StoreMeter.Name).CreateObservableGauge(
            StoreMeter.CircuitOpen, () => IsOpen ? 1 : 0, unit: "1", description: "1 while the store fails and is left alone, else 0.");
    }

    /// <summary>Raised when the store answers again.</summary>
    public event Action? Closed;

    public bool IsOpen => _state.CircuitState != CircuitState.Closed;

    /// <exception cref="BrokenCircuitException">The call was not made.</exception>
    public ValueTask<T> RunAsync<TState, T>(TState state, Func<TState, ValueTask<T>> call) =>
        _pipeline.ExecuteAsync(static (s, _) => s.call(s.state), (state, call));

    /// <summary>
    /// What became of a call that was made without it, while the circuit was closed. One that ends when it is closed no more says nothing
    /// that is not known.
    /// </summary>
    public ValueTask ReportAsync(Exception? error)
    {
        if (IsOpen)
        {
            return default;
        }

        var context = ResilienceContextPool.Shared.Get();
        var counting = _pipeline.ExecuteOutcomeAsync(static (_, outcome) => new ValueTask<Outcome<bool>>(outcome), context, error is null ? Outcome.FromResult(true) : Outcome.FromException<bool>(error));
        if (counting.IsCompletedSuccessfully)
        {
            ResilienceContextPool.Shared.Return(context);
            return default;
        }

        return CountedAsync(counting, context);

        static async ValueTask CountedAsync(ValueTask<Outcome<bool>> counting, ResilienceContext context)
        {
            await counting;
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _opened.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _opened.WaitAsync(stoppingToken);
                while (IsOpen)
                {
                    await Task.Delay(LookAgain, _time, stoppingToken);
                    await ProbeAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task ProbeAsync()
    {
        try
        {
            await RunAsync((_store, _limits, _time), static async s =>
            {
                await StoreSelfTest.ClaimAndReleaseAsync(s._store).WaitAsync(s._limits.Operation, s._time);
                return true;
            });
        }
        catch (Exception e)
        {
            StoreLog.ProbeFailed(_logger, e);
        }
    }

    private ValueTask OnOpened(OnCircuitOpenedArguments<object> opened)
    {
        // Each probe that fails opens it anew; that is not news.
        if (!Interlocked.Exchange(ref _isTold, true))
        {
            StoreLog.CircuitOpened(_logger, opened.Outcome.Exception);
            _opened.Release();
        }

        return default;
    }

    private ValueTask OnClosed(OnCircuitClosedArguments<object> closed)
    {
        _isTold = false;
        StoreLog.CircuitClosed(_logger);
        Closed?.Invoke();
        return default;
    }
}
