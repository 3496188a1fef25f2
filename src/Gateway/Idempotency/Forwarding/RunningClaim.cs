using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>A claim that this process holds: its lease is renewed for as long as <see cref="RunningClaims"/> knows it.</summary>
internal sealed class RunningClaim(RecordKey key, ClaimToken token, TimeSpan lease, ForwardDeadline deadline)
{
    public RecordKey Key => key;

    public ClaimToken Token => token;

    public TimeSpan Lease => lease;

    public ForwardDeadline Deadline => deadline;

    public RecordLabel Label { get; init; }

    /// <summary>Its answer is given and not stored yet: <see cref="CompletionSpool"/> has taken it over.</summary>
    public bool IsDeferred { get; set; }

    // Owned by RunningClaims, under its lock.
    internal RunningClaim? Previous;
    internal RunningClaim? Next;
    internal long RenewAt;
    internal bool IsRenewing;
    internal bool IsLeaseLost;
    internal bool IsTracked;
}
