using System.Data;
using Microsoft.Data.SqlClient;

namespace Gateway.Stores.SqlServer;

/// <summary>
/// Records in SQL Server, for many gateways: one batch a verb, decided by the unique index and by single statements, under READ
/// COMMITTED with and without snapshots. The server's clock is the store's clock.
/// </summary>
internal sealed class SqlServerStore(SqlServerDatabase database, SqlServerScripts scripts, SqlServerOpenIndex openIndex) : IIdempotencyStore, IStoreInspector, IRecordWatch, IActorQuota
{
    private const int MaxOperation = 256;
    private const int MaxClientKey = 1024;

    /// <summary>Between a begin's look and its answer the record can come or go; more often than this it does not.</summary>
    private const int MaxLooks = 10;

    public ValueTask<BeginResult> BeginAsync(BeginRequest request) => BeginCoreAsync(request);

    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var row = await database.RunAsync(scripts.FindCompleted, parameters => parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(key), static row => new BeginRow(row));
        return row.State is not null && row.IsDecided ? row.Describe() : null;
    }

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) =>
        DoneAsync(scripts.Renew, key, claim, parameters => parameters.Add("@lease", SqlDbType.BigInt).Value = (long)lease.TotalMilliseconds);

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer)
    {
        var bytes = answer.ToArray(); // a caller that stops waiting takes its pooled buffer back
        return DoneAsync(scripts.Complete, key, claim, parameters => parameters.Add("@answer", SqlDbType.VarBinary, -1).Value = bytes);
    }

    public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) => DoneAsync(scripts.MarkUnknown, key, claim, static _ => { });

    public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) => DoneAsync(scripts.Release, key, claim, static _ => { });

    public ValueTask<int> SweepAsync(int limit) =>
        database.RunAsync(scripts.Sweep, parameters => parameters.Add("@limit", SqlDbType.Int).Value = limit, static row => row.GetInt32(0));

    public bool ListsOpenRecords => openIndex.IsThere;

    public async ValueTask<StoredRecord?> ReadAsync(RecordKey key)
    {
        for (var look = 1; ; look++)
        {
            var rows = await database.ListAsync(scripts.Read, parameters => parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(key), static row => new SqlServerStoredRow(row));
            if (rows is not [var row])
            {
                return null;
            }

            // Between the looks at the record and at its answer both may have been removed.
            if (row.IsWhole || look == MaxLooks)
            {
                return row.Tell();
            }
        }
    }

    public ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key) => database.RunAsync(
        scripts.Holdings,
        parameters =>
        {
            parameters.Add("@operation", SqlDbType.NVarChar, 256).Value = operation;
            parameters.Add("@actor", SqlDbType.Binary, ClaimToken.Size).Value = BytesOf(new ClaimToken(actor));
            parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(key);
        },
        static row => new ActorHoldings(row.GetInt32(3) == 1, row.GetInt64(0), row.GetInt64(1), TimeSpan.FromMilliseconds(row.GetInt64(2))));

    /// <summary>One statement for all of this gateway's waiters.</summary>
    public TimeSpan PollInterval => TimeSpan.FromMilliseconds(250);

    public async ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys)
    {
        const int most = 256;
        var settled = new List<RecordKey>();
        foreach (var some in keys.Chunk(most))
        {
            var bytes = new byte[some.Length * RecordKey.Size];
            foreach (var (i, key) in some.Index())
            {
                key.Write(bytes.AsSpan(i * RecordKey.Size));
            }

            settled.AddRange(await database.ListAsync(
                scripts.FindSettled,
                parameters => parameters.Add("@keys", SqlDbType.VarBinary, most * RecordKey.Size).Value = bytes,
                static row => RecordKey.Read(row.GetFieldValue<byte[]>(0))));
        }

        return settled;
    }

    public async ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => await database.ListAsync(
        scripts.FindKeys,
        parameters =>
        {
            parameters.Add("@first", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(new RecordKey(new UInt128(digest, 0)));
            parameters.Add("@last", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(new RecordKey(new UInt128(digest, ulong.MaxValue)));
        },
        static row => RecordKey.Read(row.GetFieldValue<byte[]>(0)));

    public async ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var by = walk == RecordWalk.All ? SqlServerWalk.All : ListsOpenRecords ? SqlServerWalk.Open : SqlServerWalk.OpenAmongAll;
        var place = after is null ? default(SqlServerPlace?) : SqlServerPlace.Parse(by, after);
        var rows = await database.ListAsync(ScriptOf(by), parameters => Add(parameters, by, place, limit), static row => new SqlServerStoredRow(row));
        var records = new List<StoredRecord>();
        foreach (var row in rows)
        {
            // A completed one in the index of the open: it was completed between the looks at the one and the other.
            if (row.TryTell() is { } record && (walk == RecordWalk.All || record.State != RecordState.Completed))
            {
                records.Add(record);
            }
        }

        return new RecordScan(records, rows.Count < limit ? null : rows[^1].Place.Text(by), rows.Count);
    }

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer)
    {
        if (answer is not { } given)
        {
            return DoneAsync(scripts.Free, key, held, static _ => { });
        }

        var (bytes, heir) = (given.ToArray(), BytesOf(ClaimToken.New()));
        return DoneAsync(scripts.Resolve, key, held, parameters =>
        {
            parameters.Add("@heir", SqlDbType.Binary, ClaimToken.Size).Value = heir;
            parameters.Add("@answer", SqlDbType.VarBinary, -1).Value = bytes;
        });
    }

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => DoneAsync(scripts.Delete, key, held, static _ => { });

    public ValueTask<long> CountAsync() => database.RunAsync(scripts.Count, static _ => { }, static row => row.GetInt64(0));

    private async ValueTask<BeginResult> BeginCoreAsync(BeginRequest request)
    {
        for (var look = 1; ; look++)
        {
            var row = await database.RunAsync(scripts.Begin, parameters => Add(parameters, request), static row => new BeginRow(row));
            if (row.IsDecided)
            {
                return row.Describe();
            }

            if (look == MaxLooks)
            {
                throw row.State is null
                    ? new InvalidOperationException($"Record {request.Key} comes and goes: {MaxLooks} looks found nothing to claim and nothing to tell.")
                    : new InvalidDataException($"Record {request.Key} is completed, and its answer is missing.");
            }
        }
    }

    private ValueTask<bool> DoneAsync(string script, RecordKey key, ClaimToken claim, Action<SqlParameterCollection> more) => database.RunAsync(
        script,
        parameters =>
        {
            Add(parameters, key, claim);
            more(parameters);
        },
        static row => row.GetBoolean(0));

    private static void Add(SqlParameterCollection parameters, BeginRequest request)
    {
        var fingerprint = new byte[Fingerprint.Size];
        request.Fingerprint.Write(fingerprint);
        Add(parameters, request.Key, request.Claim);
        parameters.Add("@fingerprint", SqlDbType.Binary, Fingerprint.Size).Value = fingerprint;
        parameters.Add("@lease", SqlDbType.BigInt).Value = (long)request.Lease.TotalMilliseconds;
        parameters.Add("@retention", SqlDbType.BigInt).Value = (long)request.Retention.TotalMilliseconds;
        parameters.Add("@take_over", SqlDbType.Bit).Value = request.TakeOverUnknown;
        parameters.Add("@operation", SqlDbType.NVarChar, MaxOperation).Value = Cut(request.Label.Operation, MaxOperation);
        parameters.Add("@client_key", SqlDbType.VarChar, MaxClientKey).Value = Cut(request.Label.Key, MaxClientKey);
        parameters.Add("@actor", SqlDbType.Binary, ClaimToken.Size).Value = BytesOf(new ClaimToken(request.Label.Actor));
    }

    private static void Add(SqlParameterCollection parameters, RecordKey key, ClaimToken claim)
    {
        parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = BytesOf(key);
        parameters.Add("@claim", SqlDbType.Binary, ClaimToken.Size).Value = BytesOf(claim);
    }

    private string ScriptOf(SqlServerWalk walk) => walk switch
    {
        SqlServerWalk.Open => scripts.ScanOpen,
        SqlServerWalk.OpenAmongAll => scripts.ScanByAge,
        _ => scripts.ScanAll,
    };

    private static void Add(SqlParameterCollection parameters, SqlServerWalk walk, SqlServerPlace? after, int limit)
    {
        parameters.Add("@limit", SqlDbType.Int).Value = limit;
        if (walk == SqlServerWalk.All)
        {
            parameters.Add("@before", SqlDbType.BigInt).Value = after?.Id ?? long.MaxValue;
            return;
        }

        parameters.Add("@after", SqlDbType.BigInt).Value = after?.Id ?? 0;
        if (walk == SqlServerWalk.Open)
        {
            parameters.Add("@after_created_at", SqlDbType.BigInt).Value = after?.CreatedAt ?? long.MinValue;
        }
    }

    private static byte[] BytesOf(RecordKey key) => BytesOf(new ClaimToken(key.Value));

    private static byte[] BytesOf(ClaimToken claim)
    {
        var bytes = new byte[ClaimToken.Size];
        claim.Write(bytes);
        return bytes;
    }

    /// <summary>For people alone: a label that does not fit is cut, not refused.</summary>
    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];

    /// <summary>What <c>begin.sql</c> answers.</summary>
    private readonly struct BeginRow(SqlDataReader row)
    {
        private readonly bool _claimed = row.GetBoolean(0);
        private readonly long _now = row.GetInt64(1);
        private readonly Fingerprint _fingerprint = row.IsDBNull(3) ? default : Fingerprint.Read(row.GetFieldValue<byte[]>(3));
        private readonly long? _createdAt = row.IsDBNull(4) ? null : row.GetInt64(4);
        private readonly long _leaseLeft = row.IsDBNull(5) ? 0 : row.GetInt64(5);
        private readonly byte[]? _answer = row.IsDBNull(6) ? null : row.GetFieldValue<byte[]>(6);

        public RecordState? State { get; } = row.IsDBNull(2) ? null : (RecordState)row.GetByte(2);

        public bool IsDecided => _claimed || (State is not null && (State != RecordState.Completed || _answer is not null));

        public BeginResult Describe()
        {
            var createdAt = StoredTime.Read(_createdAt ?? _now);
            return State switch
            {
                _ when _claimed => BeginResult.Claimed(createdAt),
                RecordState.Completed => BeginResult.Completed(_fingerprint, createdAt, _answer),
                RecordState.InFlight when _leaseLeft > 0 && !StoredTime.IsValid(_leaseLeft) => throw new InvalidDataException("A record's lease ends at a time that cannot be."),
                RecordState.InFlight when _leaseLeft > 0 => BeginResult.InFlight(_fingerprint, createdAt, TimeSpan.FromMilliseconds(_leaseLeft)),
                RecordState.InFlight or RecordState.Unknown => BeginResult.Unknown(_fingerprint, createdAt),
                _ => throw new InvalidDataException($"A record has the unknown state {(int?)State}."),
            };
        }
    }
}
