using System.Globalization;
using StackExchange.Redis;

namespace Gateway.Stores.Redis;

/// <summary>
/// Records in Redis, for many gateways: one key a record (Cluster-safe), one atomic command or script a verb. All decisions
/// about time are the server's: a key lives for its lease and its retention, so what its time to live has beyond the
/// retention is the lease that is left, and no clock is compared with another.
/// </summary>
internal sealed class RedisStore(IConnectionMultiplexer redis, RedisStoreOptions options, TimeProvider time) : IIdempotencyStore, IStoreInspector
{
    private readonly IDatabase _database = redis.GetDatabase();

    /// <summary>The error codes (the first word of Redis's answer) with which it refuses writes and still reads.</summary>
    private static readonly string[] RefusesWrites = ["OOM ", "READONLY ", "MISCONF ", "NOREPLICAS "];

    public ValueTask<BeginResult> BeginAsync(in BeginRequest request) => TellApartAsync(BeginCoreAsync(request));

    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var value = await TellApartAsync(new ValueTask<RedisValue>(_database.StringGetAsync(KeyOf(key))));
        if (value.IsNull)
        {
            return null;
        }

        var found = RedisRecord.Describe((ReadOnlyMemory<byte>)value, default, 0); // throws for what it cannot read: that is not "nothing"
        return found.Outcome == BeginOutcome.Completed ? found : null;
    }

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) =>
        RunAsync(RedisScripts.Renew, key, BytesOf(claim), (long)lease.TotalMilliseconds);

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer) =>
        RunAsync(RedisScripts.Complete, key, BytesOf(claim), answer);

    public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) => RunAsync(RedisScripts.MarkUnknown, key, BytesOf(claim));

    public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) => RunAsync(RedisScripts.Release, key, BytesOf(claim));

    /// <summary>Redis expires its keys by itself.</summary>
    public ValueTask<int> SweepAsync(int limit) => new(0);

    public bool ListsOpenRecords => throw new NotImplementedException();

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key) => throw new NotImplementedException();

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => throw new NotImplementedException();

    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit) => throw new NotImplementedException();

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => throw new NotImplementedException();

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => throw new NotImplementedException();

    public async ValueTask<long> CountAsync()
    {
        var count = 0L;
        foreach (var server in redis.GetServers().Where(server => !server.IsReplica))
        {
            await foreach (var _ in server.KeysAsync(_database.Database, options.KeyPrefix + "*", pageSize: 1000))
            {
                count++;
            }
        }

        return count;
    }

    private async ValueTask<BeginResult> BeginCoreAsync(BeginRequest request)
    {
        // A new key, and the replay of a finished one, are one plain command (Redis 7: SET with NX and GET).
        var key = KeyOf(request.Key);
        var value = RedisRecord.InFlight(request, time.GetUtcNow());
        var life = request.Lease + request.Retention;
        var existing = await _database.StringSetAndGetAsync(key, value, life, keepTtl: false, When.NotExists);
        if (existing.IsNull)
        {
            await WaitForReplicasAsync();
            return RedisRecord.Describe(value, request.Claim, 0);
        }

        var found = (ReadOnlyMemory<byte>)existing;
        if (RedisRecord.StateOf(found.Span) == RecordState.Completed)
        {
            return RedisRecord.Describe(found, request.Claim, 0);
        }

        // Anything else depends on the time that is left, or is to be taken over: one atomic look by a script.
        var answer = (RedisResult[])(await _database.ScriptEvaluateAsync(
            RedisScripts.Begin,
            [key],
            [value, (long)life.TotalMilliseconds, BytesOf(request.Claim), BytesOf(request.Fingerprint), request.TakeOverUnknown ? "1" : "0"]))!;
        await WaitForReplicasAsync();
        return RedisRecord.Describe((byte[])answer[0]!, request.Claim, (long)answer[1]);
    }

    private ValueTask<bool> RunAsync(string script, RecordKey key, params RedisValue[] arguments) => TellApartAsync(RunCoreAsync(script, key, arguments));

    private async ValueTask<T> TellApartAsync<T>(ValueTask<T> call)
    {
        try
        {
            return await call;
        }
        catch (RedisServerException e) when (RefusesWrites.Any(code => e.Message.StartsWith(code, StringComparison.Ordinal)))
        {
            throw new StoreRefusesWritesException(e);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE ", StringComparison.Ordinal))
        {
            throw new InvalidDataException("Something that is no record stands under a record's key.", e);
        }
        catch (RedisConnectionException e) when (OnlyReplicasAnswer())
        {
            throw new StoreRefusesWritesException(e); // READONLY, as the client has noticed by itself
        }
    }

    private bool OnlyReplicasAnswer()
    {
        var connected = redis.GetServers().Where(server => server.IsConnected).ToList();
        return connected.Count > 0 && connected.TrueForAll(server => server.IsReplica);
    }

    private async ValueTask<bool> RunCoreAsync(string script, RecordKey key, RedisValue[] arguments)
    {
        var done = (long)await _database.ScriptEvaluateAsync(script, [KeyOf(key)], arguments) == 1;
        if (done)
        {
            await WaitForReplicasAsync();
        }

        return done;
    }

    /// <exception cref="RedisException">Too few replicas have the write: it stands on the primary, and may be lost with it.</exception>
    private async ValueTask WaitForReplicasAsync()
    {
        if (options.WaitReplicas == 0)
        {
            return;
        }

        var limit = (long)(options.OperationTimeout.TotalMilliseconds / 2);
        var replicas = (long)await _database.ExecuteAsync("WAIT", options.WaitReplicas, limit);
        if (replicas < options.WaitReplicas)
        {
            throw new RedisException(string.Create(CultureInfo.InvariantCulture, $"{replicas} of {options.WaitReplicas} replicas acknowledged the write within {limit} ms."));
        }
    }

    private RedisKey KeyOf(RecordKey key)
    {
        Span<byte> bytes = stackalloc byte[RecordKey.Size];
        key.Write(bytes);
        return options.KeyPrefix + Convert.ToHexStringLower(bytes);
    }

    private static byte[] BytesOf(ClaimToken claim)
    {
        var bytes = new byte[ClaimToken.Size];
        claim.Write(bytes);
        return bytes;
    }

    private static byte[] BytesOf(in Fingerprint fingerprint)
    {
        var bytes = new byte[Fingerprint.Size];
        fingerprint.Write(bytes);
        return bytes;
    }
}
