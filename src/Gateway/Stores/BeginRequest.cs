namespace Gateway.Stores;

/// <summary>What <see cref="IIdempotencyStore.BeginAsync"/> needs to know.</summary>
public sealed record BeginRequest
{
    public required RecordKey Key { get; init; }

    public required ClaimToken Claim { get; init; }

    public required Fingerprint Fingerprint { get; init; }

    /// <summary>How long the claim counts as alive without a renewal.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>
    /// How long the record lives once it is finished (or its lease has run out). Frozen in the record here: gateways with
    /// different settings must not disagree about a record that exists.
    /// </summary>
    public required TimeSpan Retention { get; init; }

    /// <summary>
    /// <c>OutcomeUnknown: Retry</c>: take an Unknown record over, if the fingerprint is the same.
    /// The comparison is part of the atomic step.
    /// </summary>
    public bool TakeOverUnknown { get; init; }

    public required RecordLabel Label { get; init; }
}
