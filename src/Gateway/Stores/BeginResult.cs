namespace Gateway.Stores;

/// <summary>The four things that a begin can find.</summary>
public enum BeginOutcome : byte
{
    /// <summary>The record is new, was taken over, or is already held by the same claim: run the request.</summary>
    Claimed,

    /// <summary>Another claim holds the record and its lease is alive.</summary>
    InFlight,

    /// <summary>The request may have run, and nobody knows with what result.</summary>
    Unknown,

    /// <summary>The request has run and its answer is here.</summary>
    Completed,
}

/// <summary>The answer of <see cref="IIdempotencyStore.BeginAsync"/>. Members beside <see cref="Outcome"/> have a meaning only where said.</summary>
public readonly struct BeginResult
{
    private BeginResult(BeginOutcome outcome, in Fingerprint fingerprint, DateTimeOffset createdAt)
    {
        Outcome = outcome;
        Fingerprint = fingerprint;
        CreatedAt = createdAt;
    }

    public BeginOutcome Outcome { get; }

    /// <summary>Of the request that the record belongs to. Not for <see cref="BeginOutcome.Claimed"/>.</summary>
    public Fingerprint Fingerprint { get; }

    /// <summary>When the key was first seen, by the store's clock.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>What is left of the other claim's lease; more than zero. Only for <see cref="BeginOutcome.InFlight"/>.</summary>
    public TimeSpan LeaseRemaining { get; private init; }

    /// <summary>The bytes that were given to complete, not to be written to. Only for <see cref="BeginOutcome.Completed"/>.</summary>
    public ReadOnlyMemory<byte> Answer { get; private init; }

    public static BeginResult Claimed(DateTimeOffset createdAt) => new(BeginOutcome.Claimed, default, createdAt);

    public static BeginResult InFlight(in Fingerprint fingerprint, DateTimeOffset createdAt, TimeSpan leaseRemaining) =>
        new(BeginOutcome.InFlight, fingerprint, createdAt) { LeaseRemaining = leaseRemaining };

    public static BeginResult Unknown(in Fingerprint fingerprint, DateTimeOffset createdAt) =>
        new(BeginOutcome.Unknown, fingerprint, createdAt);

    public static BeginResult Completed(in Fingerprint fingerprint, DateTimeOffset createdAt, ReadOnlyMemory<byte> answer) =>
        new(BeginOutcome.Completed, fingerprint, createdAt) { Answer = answer };
}
