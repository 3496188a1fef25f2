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

    public bool MayBeClaimedBy(in BeginRequest request, long now) => State switch
    {
        _ when ExpiresAt <= now => true,
        RecordState.InFlight when Claim == request.Claim => true,
        RecordState.InFlight when LeaseUntil > now => false,
        RecordState.InFlight or RecordState.Unknown => request.TakeOverUnknown && Fingerprint == request.Fingerprint,
        _ => false,
    };

    public BeginResult Describe(long now)
    {
        var createdAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt);
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

    private static SqliteRow Read(SqliteDataReader reader) => new(
        reader.GetInt64(0),
        (RecordState)reader.GetByte(1),
        ClaimToken.Read(reader.GetFieldValue<byte[]>(2)),
        Fingerprint.Read(reader.GetFieldValue<byte[]>(3)),
        reader.GetInt64(4),
        reader.GetInt64(5),
        reader.GetInt64(6),
        reader.IsDBNull(7) ? null : reader.GetFieldValue<byte[]>(7));
}
