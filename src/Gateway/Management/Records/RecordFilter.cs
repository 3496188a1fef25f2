using Gateway.Idempotency.Secrets;
using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>What an operator looks for. Null members match everything.</summary>
public sealed record RecordFilter(RecordState? State, string? Operation, string? Key, DateTimeOffset? CreatedAfter, DateTimeOffset? CreatedBefore)
{
    /// <summary>Open records have a walk of their own, the oldest first.</summary>
    public RecordWalk Walk => State is RecordState.InFlight or RecordState.Unknown ? RecordWalk.Open : RecordWalk.All;

    /// <summary>The store's own self-test leaves a record for some seconds; nobody looks for it.</summary>
    private const string SelfTest = "(self-test)";

    /// <summary>A policy may keep no keys, and an operator still has the client's.</summary>
    private readonly string? _keyDigest = Key is null ? null : KeyDigest.Of(Key);

    public bool Matches(StoredRecord record) =>
        (State is null || record.State == State)
        && (Operation is null ? record.Label.Operation != SelfTest : record.Label.Operation == Operation)
        && (Key is null || record.Label.Key == Key || record.Label.Key == _keyDigest)
        && (CreatedAfter is null || record.CreatedAt >= CreatedAfter)
        && (CreatedBefore is null || record.CreatedAt < CreatedBefore);
}
