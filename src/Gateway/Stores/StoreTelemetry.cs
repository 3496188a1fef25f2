using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gateway.Stores;

/// <summary>How long each verb takes, and an activity around each that a request makes, in that request's trace.</summary>
internal sealed class StoreTelemetry(IMeterFactory meters)
{
    public const string ActivitySourceName = StoreMeter.Name;

    private const string Ok = "ok";
    private const string Failed = "failed";

    private static readonly ActivitySource Source = new(ActivitySourceName);
    private static readonly string[] Names = [.. Enum.GetValues<StoreVerb>().Select(Name)];
    private static readonly string[] ActivityNames = [.. Names.Select(name => $"idempotency {name}")];

    private readonly Histogram<double> _duration = meters.Create(StoreMeter.Name).CreateHistogram(
        StoreMeter.StoreDuration,
        unit: "s",
        description: "One store call of a request or of the work behind it, by verb and by whether the store answered.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });

    private long _calls;
    private long _failures;
    private long _ticks;

    /// <summary>Since the start.</summary>
    public StoreTotals Totals => new(Volatile.Read(ref _calls), Volatile.Read(ref _failures), TimeSpan.FromTicks(Volatile.Read(ref _ticks)));

    /// <summary>Whether anybody wants activities.</summary>
    public static bool IsTraced => Source.HasListeners();

    /// <summary>None for work behind the requests: a renewal four times a minute for each of them would be a trace of its own.</summary>
    public static Activity? StartActivity(StoreVerb verb) =>
        Activity.Current is null ? null : Source.StartActivity(ActivityNames[(int)verb], ActivityKind.Client);

    public static string Name(StoreVerb verb) => verb switch
    {
        StoreVerb.Begin => "begin",
        StoreVerb.Find => "find",
        StoreVerb.Renew => "renew",
        StoreVerb.Complete => "complete",
        StoreVerb.MarkUnknown => "mark_unknown",
        StoreVerb.Release => "release",
        _ => throw new ArgumentOutOfRangeException(nameof(verb)),
    };

    public void Ended(StoreVerb verb, TimeSpan elapsed, Activity? activity, Exception? error)
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
        if (error is not null)
        {
            Interlocked.Increment(ref _failures);
        }

        _duration.Record(elapsed.TotalSeconds, new(StoreMeter.VerbTag, Names[(int)verb]), new(StoreMeter.ResultTag, error is null ? Ok : Failed));
        if (error is not null)
        {
            // Its type alone: a message may name what no trace should hold.
            activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);
        }
    }
}

/// <param name="Duration">Of all calls together.</param>
public readonly record struct StoreTotals(long Calls, long Failures, TimeSpan Duration);
