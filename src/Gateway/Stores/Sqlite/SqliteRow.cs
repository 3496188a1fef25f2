using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>A record as <c>find.sql</c> reads it.</summary>
internal readonly record struct SqliteRow(
    long Id,
    RecordState State,
    ClaimToken Claim,
    Fingerprint Fingerprint,
    long LeaseUntil,
    long ExpiresAt,
    long CreatedAt,
    byte[]? Answer)
{
    public static SqliteRow? Find(SqliteStatement find, RecordKey key)
    {
        using var reader = find.With(SqliteBlob.Of(key)).Read();
        return reader.Read() ? Read(reader) : null;
    }

    public bool MayBeClaimedBy(BeginRequest request, long now) => State switch
    {
        _ when ExpiresAt <= now => true,
        RecordState.InFlight when Claim == request.Claim => true,
        RecordState.InFlight when LeaseUntil > now => false,
        RecordState.InFlight or RecordState.Unknown => request.TakeOverUnknown && Fingerprint == request.Fingerprint,
        _ => false,
    };

    public BeginResult Describe(long now)
    {
        var createdAt = StoredTime.Read(CreatedAt);
        return State switch
        {
            RecordState.Completed => BeginResult.Completed(Fingerprint, createdAt, Answer
                ?? throw new InvalidDataException($"Record {Id} is completed, and its answer is missing.")),
            RecordState.InFlight when LeaseUntil > now =>
                BeginResult.InFlight(Fingerprint, createdAt, TimeSpan.FromMilliseconds(LeaseUntil - now)),
            RecordState.InFlight or RecordState.Unknown => BeginResult.Unknown(Fingerprint, createdAt),
            _ => throw new InvalidDataException($"Record {Id} has the unknown state {(int)State}."),
        };
    }

    /// <summary>As every reader sees it.</summary>
    public RecordState StateAt(long now) => State == RecordState.InFlight && LeaseUntil <= now ? RecordState.Unknown : State;

    /// <exception cref="InvalidDataException">Damaged: an error of its own kind, as any other counts as a store that fails, past which a policy may let requests.</exception>
    public static SqliteRow Read(SqliteDataReader reader)
    {
        var id = reader.GetInt64(0);
        var state = reader.GetInt64(1);
        var row = new SqliteRow(
            id,
            (RecordState)Math.Clamp(state, 0, byte.MaxValue),
            ClaimToken.Read(SqliteBlob.Read(reader, 2, ClaimToken.Size)),
            Fingerprint.Read(SqliteBlob.Read(reader, 3, Fingerprint.Size)),
            reader.GetInt64(4),
            reader.GetInt64(5),
            reader.GetInt64(6),
            reader.IsDBNull(7) ? null : SqliteBlob.Read(reader, 7));
        if (!Enum.IsDefined(row.State))
        {
            throw new InvalidDataException($"Record {id} has the unknown state {state}.");
        }

        if (!StoredTime.IsValid(row.LeaseUntil) || !StoredTime.IsValid(row.ExpiresAt) || !StoredTime.IsValid(row.CreatedAt))
        {
            throw new InvalidDataException($"Record {id} has a time that cannot be.");
        }

        return row is { State: not RecordState.Completed, Answer: not null }
            ? throw new InvalidDataException($"Record {id} is in state {state}, and has an answer.") // it was completed, and must not run again
            : row;
    }
}
