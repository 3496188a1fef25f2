using System.ComponentModel;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Management.Records;
using Gateway.Stores;

namespace Gateway.Management;

/// <summary>What an operator looks at first.</summary>
internal sealed class Overview(RequestFigures figures, RecordCensus census, RunningClaims running, CompletionSpool spool, SuspectedDuplicates duplicates, HealthReport health, TimeProvider time)
{
    public OverviewView Now()
    {
        var claims = running.Running();
        var counted = census.Latest;
        return new OverviewView(
            health.Ready(),
            counted is null ? null : new RecordCounts(counted.Live, counted.InFlight, counted.Unknown, Seconds(time.GetUtcNow() - counted.At)),
            [.. counted?.OldestUnknown.Select(RecordView.Of) ?? []],
            [.. counted?.OldestInFlight.Select(RecordView.Of) ?? []],
            new RunningCounts(claims.Count, claims.Count(claim => claim.HasLostClient), claims.Count == 0 ? null : Seconds(claims.Max(claim => claim.Deadline.Elapsed))),
            spool.Count,
            [.. figures.All.OrderBy(counts => counts.Operation, StringComparer.Ordinal).Select(OperationCounts.Of)],
            [.. duplicates.Latest.Select(DuplicateView.Of)]);
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);
}

public sealed record OverviewView(
    ReadinessView Health,
    [property: Description("What is in the store, by the last count. Null: not counted yet.")] RecordCounts? Records,
    [property: Description("The oldest of which nobody knows what became of them.")] IReadOnlyList<RecordView> OldestUnknown,
    IReadOnlyList<RecordView> OldestInFlight,
    [property: Description("At this gateway.")] RunningCounts Running,
    [property: Description("Answers that clients have and the store has not yet, at this gateway.")] int AnswersWaiting,
    [property: Description("Requests of this gateway since its start.")] IReadOnlyList<OperationCounts> Operations,
    [property: Description("The latest requests that may have been retries under a new key, newest first.")] IReadOnlyList<DuplicateView> SuspectedDuplicates);

public sealed record RecordCounts(long Live, long InFlight, long Unknown, [property: Description("Seconds since they were counted.")] double Age);

public sealed record RunningCounts(int Requests, int WithoutClient, [property: Description("Seconds.")] double? Oldest);

public sealed record OperationCounts(string Operation, string Mode, IReadOnlyDictionary<string, long> Outcomes)
{
    internal static OperationCounts Of(OutcomeCounts counts) => new(
        counts.Operation, counts.ModeName, Enum.GetValues<RequestOutcome>().Where(outcome => counts[outcome] > 0).ToDictionary(outcome => outcome.Name(), outcome => counts[outcome]));
}

public sealed record DuplicateView(DateTimeOffset At, string Operation, string Record, string Before, double SecondsApart)
{
    internal static DuplicateView Of(SuspectedDuplicate found) => new(
        found.At, found.Operation, RecordId.Of(found.Record), RecordId.Of(found.Before), Math.Round(found.Apart.TotalSeconds, 1));
}
