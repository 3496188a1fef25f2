using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite.Spool;

/// <summary>The spool's statements on its one connection, inside the transaction that <see cref="SqliteWriter{TSession}"/> holds.</summary>
internal sealed class SpoolSession : SqliteSession
{
    private readonly long _maxSize;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _list;
    private readonly SqliteStatement _read;
    private readonly SqliteStatement _remove;

    public SpoolSession(SqliteConnection connection, long maxSize)
        : base(connection)
    {
        _maxSize = maxSize;
        _add = Prepare(SpoolScripts.Add, "$key", "$claim", "$fingerprint", "$expires_at", "$size", "$answer", "$max_size");
        _list = Prepare(SpoolScripts.List, "$after", "$limit");
        _read = Prepare(SpoolScripts.Read, "$number");
        _remove = Prepare(SpoolScripts.Remove, "$number");
    }

    /// <returns>The number; null: it would hold more than it may.</returns>
    public long? Add(in SpooledAnswer answer, byte[] bytes) => (long?)_add.With(
        SqliteBlob.Of(answer.Key),
        SqliteBlob.Of(answer.Claim),
        SqliteBlob.Of(answer.Fingerprint),
        answer.ExpiresAt.ToUnixTimeMilliseconds(),
        (long)bytes.Length,
        bytes,
        _maxSize).Scalar();

    public List<SpoolEntry> List(long after, int limit)
    {
        var entries = new List<SpoolEntry>();
        using var reader = _list.With(after, limit).Read();
        while (reader.Read())
        {
            entries.Add(new SpoolEntry(
                reader.GetInt64(0),
                RecordKey.Read(reader.GetFieldValue<byte[]>(1)),
                ClaimToken.Read(reader.GetFieldValue<byte[]>(2)),
                Fingerprint.Read(reader.GetFieldValue<byte[]>(3)),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4)),
                reader.GetInt32(5)));
        }

        return entries;
    }

    public byte[]? Read(long number) => (byte[]?)_read.With(number).Scalar();

    public bool Remove(long number) => _remove.With(number).Execute() == 1;
}
