namespace Gateway.Stores;

/// <summary>
/// Answers that were given to a client and that the store has not taken, kept on this machine until it does: durable, bounded,
/// and still there after a crash. Several processes may share one; each of them then tries to bring every answer home, which
/// is safe, as a completion answers the same to its own claim however often it is repeated. A spool is of one store: entries
/// that belong to another one (the configuration was changed) stay where they are until it is used again, or they expire.
/// </summary>
public interface IAnswerSpool
{
    /// <summary>Durable when it returns. The answer's bytes are not changed any more, also not when the caller has stopped waiting.</summary>
    /// <returns>The entry's number; later ones are larger, and none is used twice.</returns>
    /// <exception cref="SpoolFullException">It would hold more than it may.</exception>
    ValueTask<long> AddAsync(SpooledAnswer answer);

    /// <summary>The entries behind <paramref name="after"/>, oldest first, without their answers.</summary>
    ValueTask<IReadOnlyList<SpoolEntry>> ListAsync(long after, int limit);

    /// <returns>Null: it was removed, as it has come home (through another process, perhaps).</returns>
    ValueTask<byte[]?> ReadAsync(long number);

    ValueTask RemoveAsync(long number);

    /// <summary>
    /// Counts the entries of other stores (the configuration was changed while they waited), and removes those whose retention
    /// has long ended, as nobody else will.
    /// </summary>
    ValueTask<long> CountOthersAsync();
}

/// <summary>An answer on its way into the spool.</summary>
/// <param name="ExpiresAt">The end of its retention, by this machine's clock: past it nobody may be given the answer any more.</param>
public readonly record struct SpooledAnswer(RecordKey Key, ClaimToken Claim, Fingerprint Fingerprint, DateTimeOffset ExpiresAt, ReadOnlyMemory<byte> Answer)
{
    /// <summary>For a store that has lost the record, and gets it back with the answer.</summary>
    public RecordLabel Label { get; init; }
}

/// <summary>What the spool tells of one entry.</summary>
/// <param name="Size">Bytes of the answer.</param>
public readonly record struct SpoolEntry(long Number, RecordKey Key, ClaimToken Claim, Fingerprint Fingerprint, DateTimeOffset ExpiresAt, int Size)
{
    public RecordLabel Label { get; init; }
}

/// <summary>The spool holds as much as it may (<c>Stores:Spool:MaxSize</c>).</summary>
public sealed class SpoolFullException(long most) : Exception($"The spool holds its {most} bytes already.");
