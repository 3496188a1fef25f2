using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>
/// A look into the file, on a connection of its own for one call: it holds up no writer, and its read transaction ends with its
/// one statement (a longer one would keep the write-ahead log from being folded back).
/// </summary>
internal sealed class SqliteInspection(SqliteConnection connection, long now) : IDisposable
{
    public StoredRecord? Read(RecordKey key)
    {
        using var read = new SqliteStatement(connection, SqliteScripts.Read, "$key");
        using var reader = read.With(SqliteBlob.Of(key)).Read();
        if (!reader.Read())
        {
            return null;
        }

        var record = SqliteStoredRecord.Read(reader, now);
        if (record.State == RecordState.Completed && reader.IsDBNull(7))
        {
            throw new InvalidDataException($"Record {key} is completed, and its answer is missing.");
        }

        return record.ExpiresAt.ToUnixTimeMilliseconds() > now ? record : null;
    }

    public IReadOnlyList<RecordKey> Find(ulong digest)
    {
        using var find = new SqliteStatement(connection, SqliteScripts.FindKeys, "$first", "$last", "$now");
        using var reader = find.With(SqliteBlob.Of(new UInt128(digest, 0)), SqliteBlob.Of(new UInt128(digest, ulong.MaxValue)), now).Read();
        var found = new List<RecordKey>();
        while (reader.Read())
        {
            found.Add(RecordKey.Read(SqliteBlob.Read(reader, 1, RecordKey.Size)));
        }

        return found;
    }

    public IReadOnlyList<RecordKey> FindSettled(IReadOnlyList<RecordKey> keys)
    {
        using var isRunning = new SqliteStatement(connection, SqliteScripts.IsRunning, "$key", "$now");
        var settled = new List<RecordKey>();
        foreach (var key in keys)
        {
            using var reader = isRunning.With(SqliteBlob.Of(key), now).Read();
            if (!reader.Read())
            {
                settled.Add(key);
            }
        }

        return settled;
    }

    public ActorHoldings Holdings(string operation, UInt128 actor, RecordKey key)
    {
        using var holdings = new SqliteStatement(connection, SqliteScripts.Holdings, "$key", "$now", "$actor", "$operation");
        using var reader = holdings.With(SqliteBlob.Of(key), now, SqliteBlob.Of(actor), operation).Read();
        reader.Read();
        return new ActorHoldings(reader.GetInt64(3) == 1, reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? TimeSpan.Zero : TimeSpan.FromMilliseconds(reader.GetInt64(2) - now));
    }

    public RecordScan Scan(SqliteWalk walk, SqlitePlace? after, int limit)
    {
        using var scan = walk switch
        {
            SqliteWalk.Open => new SqliteStatement(connection, SqliteScripts.ScanOpen, "$created_at", "$id", "$limit").With(after?.CreatedAt ?? long.MinValue, after?.Id ?? 0, limit),
            SqliteWalk.OpenAmongAll => new SqliteStatement(connection, SqliteScripts.ScanByAge, "$after", "$limit").With(after?.Id ?? 0, limit),
            _ => new SqliteStatement(connection, SqliteScripts.ScanAll, "$before", "$limit").With(after?.Id ?? long.MaxValue, limit),
        };
        using var reader = scan.Read();
        var (records, examined, last) = (new List<StoredRecord>(), 0, default(SqlitePlace));
        while (reader.Read())
        {
            examined++;
            last = new SqlitePlace(reader.GetInt64(6), reader.GetInt64(0));
            if (TryRead(reader) is { } record && (walk == SqliteWalk.All || record.State != RecordState.Completed))
            {
                records.Add(record);
            }
        }

        return new RecordScan(records, examined < limit ? null : last.Text(walk), examined);
    }

    public void Dispose() => connection.Dispose();

    /// <returns>Null: it has expired, or is damaged. A walk must come past it; who reads it by its key is told.</returns>
    private StoredRecord? TryRead(SqliteDataReader reader)
    {
        try
        {
            return reader.GetInt64(5) > now ? SqliteStoredRecord.Read(reader, now) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
