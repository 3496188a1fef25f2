using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>A row as the inspecting statements read it: a <see cref="SqliteRow"/>, and behind it what only people ask for.</summary>
internal static class SqliteStoredRecord
{
    /// <exception cref="InvalidDataException">Damaged.</exception>
    public static StoredRecord Read(SqliteDataReader reader, long now)
    {
        var row = SqliteRow.Read(reader);
        var retention = reader.GetInt64(9);
        if (retention < 0 || retention > row.ExpiresAt)
        {
            throw new InvalidDataException($"Record {row.Id} has a retention that cannot be.");
        }

        return new StoredRecord(
            RecordKey.Read(SqliteBlob.Read(reader, 8, RecordKey.Size)),
            row.StateAt(now),
            row.Claim,
            StoredTime.Read(row.CreatedAt),
            row.State == RecordState.InFlight ? StoredTime.Read(row.LeaseUntil) : null,
            StoredTime.Read(row.ExpiresAt),
            TimeSpan.FromMilliseconds(retention),
            new RecordLabel(reader.GetString(10), reader.GetString(11), ClaimToken.Read(SqliteBlob.Read(reader, 12, ClaimToken.Size)).Value))
        {
            Answer = row.Answer,
        };
    }
}
