namespace Gateway.Stores;

/// <summary>
/// The management side of a store: never on a request's way. Reading takes no lock that a request could wait for, and one call
/// does a bounded amount of work, however many records there are.
/// </summary>
public interface IStoreInspector
{
    /// <summary>False: the store keeps no list of the open records, and a walk over them looks at every record (at most <c>limit</c> in one step).</summary>
    bool ListsOpenRecords { get; }

    /// <summary>Removes at most <paramref name="limit"/> expired records; safe from many gateways at once.</summary>
    /// <returns>How many were removed. Fewer than <paramref name="limit"/>: nothing expired is left.</returns>
    ValueTask<int> SweepAsync(int limit);

    /// <summary>Records in the store, expired ones that are not swept yet included. The one call whose work grows with their number.</summary>
    ValueTask<long> CountAsync();

    /// <summary>One record as every reader sees it now, with its answer. Null: there is none, or it is past its retention.</summary>
    ValueTask<StoredRecord?> ReadAsync(RecordKey key);

    /// <summary>The records whose key begins with these 8 bytes (what logs call a record by); two at most, as more say no more.</summary>
    ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest);

    /// <summary>One step of a walk. A record that lives through the whole walk is met (once, but for Redis, where it may be twice).</summary>
    /// <param name="after"><see cref="RecordScan.Next"/> of the step before; null: from the start.</param>
    /// <param name="limit">Records to look at, at most (Redis: about).</param>
    /// <exception cref="FormatException"><paramref name="after"/> is not of this walk.</exception>
    ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit);

    /// <summary>
    /// An operator knows what became of it: from Unknown (or InFlight with a lapsed lease) to Completed, or, without an answer,
    /// removed, so that the next request with its key runs. One atomic step, durable when it returns true. The claim is lost with
    /// it: a late completion by its holder returns false. Repeating it returns false as well, also where only its reply was lost:
    /// who wants to know reads the record again.
    /// </summary>
    /// <param name="held">The claim that it had when the operator looked at it.</param>
    /// <param name="answer">Null: it never ran. An empty one is an answer, and so is an array that is null, as C# converts it into an empty one.</param>
    /// <returns>False: it is not Unknown any more, or another claim's by now.</returns>
    /// <exception cref="InvalidDataException">The record is damaged. Nothing is decided by it.</exception>
    ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer);

    /// <summary>Removes a record in any state but InFlight with a living lease. Atomic and durable as <see cref="ResolveAsync"/>.</summary>
    /// <param name="held">The claim that it had when the operator looked at it.</param>
    ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held);
}

public enum RecordWalk
{
    /// <summary>InFlight and Unknown, oldest first where <see cref="IStoreInspector.ListsOpenRecords"/>.</summary>
    Open,

    /// <summary>All of them, the newest first (Redis: in no order).</summary>
    All,
}

/// <summary>One step of a walk.</summary>
/// <param name="Records">Without their answers.</param>
/// <param name="Next">Null: the walk has come to its end. Else there may be more, also where <paramref name="Records"/> is empty.</param>
/// <param name="Examined">How many records were looked at.</param>
public readonly record struct RecordScan(IReadOnlyList<StoredRecord> Records, string? Next, int Examined);

/// <summary>A record for people: what <see cref="RecordLabel"/> says, and where it is in its life.</summary>
/// <param name="State">As every reader sees it: InFlight whose lease has run out is Unknown here.</param>
/// <param name="Claim">For <see cref="IStoreInspector.ResolveAsync"/> and <see cref="IStoreInspector.DeleteAsync"/>; shown to nobody.</param>
/// <param name="CreatedAt">When the key was first seen.</param>
/// <param name="LeaseUntil">The end of the last lease; null where the store does not tell (a record that was completed or marked Unknown).</param>
/// <param name="ExpiresAt">When it is forgotten, if nothing happens to it.</param>
public sealed record StoredRecord(
    RecordKey Key, RecordState State, ClaimToken Claim, DateTimeOffset CreatedAt, DateTimeOffset? LeaseUntil, DateTimeOffset ExpiresAt, TimeSpan Retention, RecordLabel Label)
{
    /// <summary>The bytes that were given to complete. Only from <see cref="IStoreInspector.ReadAsync"/>, and only for Completed.</summary>
    public ReadOnlyMemory<byte> Answer { get; init; }

    /// <summary>When it was completed or became Unknown. Null: it is InFlight.</summary>
    public DateTimeOffset? SettledAt => State == RecordState.InFlight ? null : ExpiresAt - Retention;
}
