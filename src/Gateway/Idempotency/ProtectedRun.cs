using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;

namespace Gateway.Idempotency;

/// <summary>One run of one request.</summary>
/// <param name="claim">Null: there is no record of this run (<c>StoreFailure: Forward</c>, or <c>Mode: Observe</c> where it would not have run).</param>
/// <param name="status">What its answer says in <see cref="StatusHeader"/>; null: nothing.</param>
internal sealed class ProtectedRun(RoutePlan plan, RequestBody body, ForwardDeadline deadline, RunningClaim? claim, DateTimeOffset firstSeen, string? status)
{
    public RoutePlan Plan => plan;

    public RequestBody Body => body;

    public ForwardDeadline Deadline => deadline;

    public RunningClaim? Claim => claim;

    /// <summary>By the record's clock.</summary>
    public DateTimeOffset FirstSeen => firstSeen;

    public string? Status => status;

    /// <summary>How it ended; set when its record is.</summary>
    public RequestOutcome Outcome { get; set; } = RequestOutcome.Executed;

    public RecordKey Record => claim?.Key ?? default;

    /// <summary>Where it holds a place of those that may run at once (<c>MaxInFlight</c>). Null: nowhere, or no more.</summary>
    public RouteSlots? Slots { get; set; }

    public void FreeSlot()
    {
        Slots?.Free();
        Slots = null;
    }
}
