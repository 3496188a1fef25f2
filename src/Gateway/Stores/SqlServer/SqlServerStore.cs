using System.Data;
using Microsoft.Data.SqlClient;

namespace Gateway.Stores.SqlServer;

/// <summary>
/// Records in SQL Server, for many gateways: one batch a verb, decided by the unique index and by single statements, under READ
/// COMMITTED with and without snapshots. The server's clock is the store's clock.
/// </summary>
internal sealed class SqlServerStore(SqlServerDatabase database, SqlServerScripts scripts) : IIdempotencyStore, IStoreInspector
{
    private const int MaxOperation = 256;
    private const int MaxClientKey = 1024;

    /// <summary>Between a begin's look and its answer the record can come or go; more often than this it does not.</summary>
    private const int MaxLooks = 10;

    public ValueTask<BeginResult> BeginAsync(in BeginRequest request) => BeginCoreAsync(request);

    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var bytes = new byte[RecordKey.Size];
        key.Write(bytes);
        var row = await database.RunAsync(scripts.FindCompleted, parameters => parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = bytes, static row => new BeginRow(row));
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

    public bool ListsOpenRecords => throw new NotImplementedException();

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key) => throw new NotImplementedException();

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => throw new NotImplementedException();

    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit) => throw new NotImplementedException();

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => throw new NotImplementedException();

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => throw new NotImplementedException();

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

    private static void Add(SqlParameterCollection parameters, in BeginRequest request)
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
        var bytes = new byte[RecordKey.Size];
        key.Write(bytes);
        parameters.Add("@key", SqlDbType.Binary, RecordKey.Size).Value = bytes;
        parameters.Add("@claim", SqlDbType.Binary, ClaimToken.Size).Value = BytesOf(claim);
    }

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
