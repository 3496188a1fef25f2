using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Idempotency.Policies;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Idempotency.Observation;

/// <summary>
/// How many requests of each operation had which outcome since the start. Kept here and read by whoever asks (metrics, the
/// console): counting one request is one addition, whoever listens.
/// </summary>
internal sealed class RequestFigures
{
    private readonly ConcurrentDictionary<(string Operation, PolicyMode Mode), OutcomeCounts> _all = new();

    public RequestFigures(IMeterFactory meters) => meters.Create(StoreMeter.Name).CreateObservableCounter(
        RequestMeter.Requests, Measure, unit: "{request}", description: "Requests on protected routes, by operation, outcome and mode.");

    public IEnumerable<OutcomeCounts> All => _all.Values;

    public void Count(HttpContext context, RoutePlan plan, RequestOutcome outcome)
    {
        (plan.Counts ??= _all.GetOrAdd((plan.Operation, plan.Policy.Mode), static of => new OutcomeCounts(of.Operation, of.Mode))).Add(outcome);
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            activity.SetTag(RequestMeter.OutcomeAttribute, outcome.Name());
        }
    }

    /// <summary>Zeros as well: who watches a rate does not see the first of a series that begins with it.</summary>
    private IEnumerable<Measurement<long>> Measure() =>
        from counts in _all.Values
        from outcome in Enum.GetValues<RequestOutcome>()
        select new Measurement<long>(
            counts[outcome],
            new KeyValuePair<string, object?>(RequestMeter.OperationTag, counts.Operation),
            new KeyValuePair<string, object?>(RequestMeter.OutcomeTag, outcome.Name()),
            new KeyValuePair<string, object?>(RequestMeter.ModeTag, counts.ModeName));
}

/// <summary>The counts of one operation.</summary>
internal sealed class OutcomeCounts(string operation, PolicyMode mode)
{
    private readonly long[] _counts = new long[RequestOutcomes.Count];

    public string Operation => operation;

    public PolicyMode Mode => mode;

    public string ModeName { get; } = mode == PolicyMode.Observe ? "observe" : "enforce";

    public long this[RequestOutcome outcome] => Volatile.Read(ref _counts[(int)outcome]);

    public void Add(RequestOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);
}
