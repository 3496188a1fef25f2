using System.Runtime.InteropServices;

namespace Gateway.Stores.Sqlite.Spool;

/// <summary>The spool in an SQLite file of its own: written by group commit and synced, like the records of the Sqlite store.</summary>
internal sealed class SqliteAnswerSpool : IAnswerSpool, IDisposable
{
    private static readonly SqliteSchema Schema = new(
        "Idempotency:Stores:Spool:Path", 1, SpoolScripts.Schema, SpoolScripts.HasOwnTables, "answers that wait in the old file are then not brought home",
        "Give a path that this process may create and write, or do without a file (Idempotency:Stores:Spool:MaxSize = 0: answers then wait in memory alone).");

    private readonly long _maxSize;
    private readonly DateTimeOffset _longAgo;
    private readonly SqliteWriter<SpoolSession> _writer;

    /// <exception cref="StoreConfigurationException">The file cannot be used.</exception>
    /// <param name="busyTimeout">How long one call waits for another process's write to the same file.</param>
    public SqliteAnswerSpool(AnswerSpoolOptions options, TimeSpan busyTimeout, TimeProvider time)
    {
        _maxSize = options.MaxSize;
        var database = new SqliteDatabase(Schema, options.Path, busyTimeout);
        database.Create();
        _writer = new SqliteWriter<SpoolSession>(new SpoolSession(database.Open(), options));
        _longAgo = time.GetUtcNow() - AnswerSpoolOptions.Margin;
    }

    public ValueTask<long> AddAsync(SpooledAnswer answer)
    {
        var bytes = MemoryMarshal.TryGetArray(answer.Answer, out var segment) && segment.Count == segment.Array!.Length ? segment.Array : answer.Answer.ToArray();
        return NumberAsync(_writer.WriteAsync(session => session.Add(answer, bytes)));
    }

    public ValueTask<IReadOnlyList<SpoolEntry>> ListAsync(long after, int limit) =>
        _writer.WriteAsync<IReadOnlyList<SpoolEntry>>(session => session.List(after, limit));

    public ValueTask<byte[]?> ReadAsync(long number) => _writer.WriteAsync(session => session.Read(number));

    public async ValueTask RemoveAsync(long number) => await _writer.WriteAsync(session => session.Remove(number));

    public ValueTask<long> CountOthersAsync() => _writer.WriteAsync(session =>
    {
        session.RemoveExpired(_longAgo);
        return session.CountOthers();
    });

    public void Dispose() => _writer.Dispose();

    private async ValueTask<long> NumberAsync(ValueTask<long?> adding) => await adding ?? throw new SpoolFullException(_maxSize);
}
