using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Stores;

namespace Gateway.Idempotency;

/// <summary>One run of one request.</summary>
/// <param name="claim">Null: there is no record (<c>StoreFailure: Forward</c>).</param>
internal sealed class ProtectedRun(RoutePlan plan, RequestBody body, ForwardDeadline deadline, RunningClaim? claim, DateTimeOffset firstSeen)
{
    public RoutePlan Plan => plan;

    public RequestBody Body => body;

    public ForwardDeadline Deadline => deadline;

    public RunningClaim? Claim => claim;

    /// <summary>By the record's clock.</summary>
    public DateTimeOffset FirstSeen => firstSeen;

    public RecordKey Record => claim?.Key ?? default;
}
