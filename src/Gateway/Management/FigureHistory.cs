using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Stores;

namespace Gateway.Management;

/// <summary>The last quarter of an hour of this process, a sample every ten seconds: for the console's small charts.</summary>
internal sealed class FigureHistory(RequestFigures figures, RouteTrafficCatalog traffic, RunningClaims running, StoreTelemetry store, TimeProvider time) : BackgroundService
{
    public const int Capacity = 91;

    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Queue<FigureSample> _samples = new(Capacity);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<FigureSample> Samples
    {
        get
        {
            lock (_gate)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>All counts as they stand now.</summary>
    public FigureSample Now()
    {
        var outcomes = new long[RequestOutcomes.Count];
        foreach (var counts in figures.All)
        {
            foreach (var outcome in Enum.GetValues<RequestOutcome>())
            {
                outcomes[(int)outcome] += counts[outcome];
            }
        }

        return new FigureSample(time.GetUtcNow(), outcomes, traffic.All.Sum(route => route.Unprotected), running.Forwarding, store.Totals);
    }

    internal void Take()
    {
        var sample = Now();
        lock (_gate)
        {
            if (_samples.Count == Capacity)
            {
                _samples.Dequeue();
            }

            _samples.Enqueue(sample);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Step, time);
        Take();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Take();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}

/// <param name="Outcomes">Counts since the start, by <see cref="RequestOutcome"/>.</param>
/// <param name="Unprotected">Mutating requests that no policy looked at, since the start.</param>
/// <param name="Running">Requests that hold a claim at this moment.</param>
/// <param name="Store">Store calls since the start and the time that they took.</param>
public sealed record FigureSample(DateTimeOffset At, IReadOnlyList<long> Outcomes, long Unprotected, int Running, StoreTotals Store)
{
    public long this[RequestOutcome outcome] => Outcomes[(int)outcome];

    public long Sum(params ReadOnlySpan<RequestOutcome> outcomes)
    {
        var sum = 0L;
        foreach (var outcome in outcomes)
        {
            sum += this[outcome];
        }

        return sum;
    }
}
