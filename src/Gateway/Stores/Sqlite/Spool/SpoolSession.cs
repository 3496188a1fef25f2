using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite.Spool;

/// <summary>The spool's statements on its one connection, inside the transaction that <see cref="SqliteWriter{TSession}"/> holds.</summary>
internal sealed class SpoolSession : SqliteSession
{
    private readonly AnswerSpoolOptions _options;
    private readonly SqliteStatement _add;
    private readonly SqliteStatement _list;
    private readonly SqliteStatement _read;
    private readonly SqliteStatement _remove;
    private readonly SqliteStatement _countOthers;
    private readonly SqliteStatement _removeExpired;

    public SpoolSession(SqliteConnection connection, AnswerSpoolOptions options)
        : base(connection)
    {
        _options = options;
        _add = Prepare(SpoolScripts.Add, "$store", "$key", "$claim", "$fingerprint", "$expires_at", "$operation", "$client_key", "$actor", "$size", "$answer", "$max_size");
        _list = Prepare(SpoolScripts.List, "$after", "$store", "$limit");
        _read = Prepare(SpoolScripts.Read, "$number");
        _remove = Prepare(SpoolScripts.Remove, "$number");
        _countOthers = Prepare(SpoolScripts.CountOthers, "$store");
        _removeExpired = Prepare(SpoolScripts.RemoveExpired, "$store", "$now");
    }

    /// <returns>The number; null: it would hold more than it may.</returns>
    public long? Add(in SpooledAnswer answer, byte[] bytes) => (long?)_add.With(
        _options.Store,
        SqliteBlob.Of(answer.Key),
        SqliteBlob.Of(answer.Claim),
        SqliteBlob.Of(answer.Fingerprint),
        answer.ExpiresAt.ToUnixTimeMilliseconds(),
        answer.Label.Operation ?? "",
        answer.Label.Key ?? "",
        SqliteBlob.Of(answer.Label.Actor),
        (long)bytes.Length,
        bytes,
        _options.MaxSize).Scalar();

    /// <exception cref="InvalidDataException">An entry is damaged: which record it is for cannot be told, so none may be taken for free.</exception>
    public List<SpoolEntry> List(long after, int limit)
    {
        var entries = new List<SpoolEntry>();
        using var reader = _list.With(after, _options.Store, limit).Read();
        while (reader.Read())
        {
            var (number, size) = (reader.GetInt64(0), reader.GetInt64(8));
            if (size is < 0 or > int.MaxValue)
            {
                throw new InvalidDataException($"Entry {number} of the spool says that its answer has {size} bytes.");
            }

            entries.Add(new SpoolEntry(
                number,
                RecordKey.Read(SqliteBlob.Read(reader, 1, RecordKey.Size)),
                ClaimToken.Read(SqliteBlob.Read(reader, 2, ClaimToken.Size)),
                Fingerprint.Read(SqliteBlob.Read(reader, 3, Fingerprint.Size)),
                StoredTime.Read(reader.GetInt64(4)),
                (int)size)
            {
                Label = new RecordLabel(reader.GetString(5), reader.GetString(6), ClaimToken.Read(SqliteBlob.Read(reader, 7, ClaimToken.Size)).Value),
            });
        }

        return entries;
    }

    public byte[]? Read(long number) => (byte[]?)_read.With(number).Scalar();

    public bool Remove(long number) => _remove.With(number).Execute() == 1;

    public long CountOthers() => (long)_countOthers.With(_options.Store).Scalar()!;

    /// <summary>Of other stores, which nobody may come back to: they would take up room for ever.</summary>
    public int RemoveExpired(DateTimeOffset now) => _removeExpired.With(_options.Store, now.ToUnixTimeMilliseconds()).Execute();
}
