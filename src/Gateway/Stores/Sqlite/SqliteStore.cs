using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>
/// The embedded default: records in one SQLite file, durable before a verb returns. Several processes on one machine may
/// share the file; the machine's clock is the store's clock.
/// </summary>
internal sealed class SqliteStore : IIdempotencyStore, IStoreInspector, IRecordWatch, IActorQuota, IDisposable
{
    private readonly TimeProvider _time;
    private readonly SqliteDatabase _database;
    private volatile bool _hasActorIndex;
    private readonly SqliteWriter<SqliteWriteSession> _writer;
    private readonly ConcurrentBag<Reader> _readers = [];

    public SqliteStore(SqliteStoreOptions options, TimeProvider time)
    {
        _time = time;
        _database = new SqliteDatabase(SqliteSchema.Store, options.Path, options.BusyTimeout);
        _database.Create();
        _writer = new SqliteWriter<SqliteWriteSession>(new SqliteWriteSession(_database.Open(SqliteDatabase.WriterCache)));
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask<BeginResult> BeginAsync(BeginRequest request)
    {
        // A finished answer is there to stay: it is read beside the writer, and a replay costs no sync.
        if (FindCompleted(request.Key) is { } completed)
        {
            return new(completed);
        }

        var begin = request;
        return _writer.WriteAsync(session => session.Begin(begin, Now));
    }

    public ValueTask<BeginResult?> FindCompletedAsync(RecordKey key) => new(FindCompleted(key));

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) =>
        _writer.WriteAsync(session => session.Renew(key, claim, lease, Now));

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer)
    {
        var bytes = answer.ToArray(); // a caller that stops waiting takes its pooled buffer back
        return _writer.WriteAsync(session => session.Complete(key, claim, bytes, Now));
    }

    public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) =>
        _writer.WriteAsync(session => session.MarkUnknown(key, claim, Now));

    public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) =>
        _writer.WriteAsync(session => session.Release(key, claim, Now));

    public ValueTask<int> SweepAsync(int limit) => _writer.WriteAsync(session => session.Sweep(limit, Now));

    public bool ListsOpenRecords => _database.HasIndex;

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key)
    {
        using var look = Look();
        return new(look.Read(key));
    }

    /// <summary>A few reads by the primary key, on this machine.</summary>
    public TimeSpan PollInterval => TimeSpan.FromMilliseconds(100);

    public ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys)
    {
        using var look = Look();
        return new(look.FindSettled(keys));
    }

    public async ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key)
    {
        if (!_hasActorIndex)
        {
            await _writer.WriteAsync(static session => session.MakeActorIndex());
            _hasActorIndex = true;
        }

        using var look = Look();
        return look.Holdings(operation, actor, key);
    }

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest)
    {
        using var look = Look();
        return new(look.Find(digest));
    }

    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var by = walk == RecordWalk.All ? SqliteWalk.All : ListsOpenRecords ? SqliteWalk.Open : SqliteWalk.OpenAmongAll;
        var place = after is null ? default(SqlitePlace?) : SqlitePlace.Parse(by, after);
        using var look = Look();
        return new(look.Scan(by, place, limit));
    }

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer)
    {
        var (bytes, heir) = (answer?.ToArray(), ClaimToken.New());
        return _writer.WriteAsync(session => session.Resolve(key, held, heir, bytes, Now));
    }

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) =>
        _writer.WriteAsync(session => session.Delete(key, held, Now));

    public ValueTask<long> CountAsync()
    {
        using var connection = _database.Open();
        using var count = new SqliteStatement(connection, SqliteScripts.Count);
        return new((long)count.Scalar()!);
    }

    public void Dispose()
    {
        _writer.Dispose();
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }

    /// <summary>On a connection for this one call: the readers' own are for requests.</summary>
    private SqliteInspection Look() => new(_database.Open(), Now);

    private BeginResult? FindCompleted(RecordKey key)
    {
        var now = Now;
        return Find(key) is { State: RecordState.Completed } row && row.ExpiresAt > now ? row.Describe(now) : null;
    }

    private SqliteRow? Find(RecordKey key)
    {
        if (!_readers.TryTake(out var reader))
        {
            reader = new Reader(_database.Open(SqliteDatabase.ReaderCache));
        }

        try
        {
            var row = SqliteRow.Find(reader.Find, key);
            _readers.Add(reader);
            return row;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private sealed class Reader(SqliteConnection connection) : IDisposable
    {
        public SqliteStatement Find { get; } = new(connection, SqliteScripts.Find, "$key");

        public void Dispose()
        {
            Find.Dispose();
            connection.Dispose();
        }
    }
}
