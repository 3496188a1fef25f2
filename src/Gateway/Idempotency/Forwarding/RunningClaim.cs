using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>A claim that this process holds: its lease is renewed for as long as <see cref="RunningClaims"/> knows it.</summary>
/// <param name="begun">What it was begun with: what a record that the store loses is made anew of.</param>
/// <param name="client">Ends when the client has gone.</param>
internal sealed class RunningClaim(BeginRequest begun, ForwardDeadline deadline, CancellationToken client)
{
    public BeginRequest Begun => begun;

    public RecordKey Key => begun.Key;

    public ClaimToken Token => begun.Claim;

    public TimeSpan Lease => begun.Lease;

    public ForwardDeadline Deadline => deadline;

    /// <summary>Nobody waits for its answer any more, but for the retry that will come.</summary>
    public bool HasLostClient => client.IsCancellationRequested;

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
