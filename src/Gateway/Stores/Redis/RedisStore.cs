using System.Globalization;
using StackExchange.Redis;

namespace Gateway.Stores.Redis;

/// <summary>
/// Records in Redis, for many gateways: one key a record (Cluster-safe), one atomic command or script a verb. All decisions
/// about time are the server's: a key lives for its lease and its retention, so what its time to live has beyond the
/// retention is the lease that is left, and no clock is compared with another.
/// </summary>
internal sealed class RedisStore(IConnectionMultiplexer redis, RedisStoreOptions options, TimeProvider time) : IIdempotencyStore, IStoreInspector, IRecordWatch
{
    /// <summary>Looks of a walk that are sent together: what requests send on the same connection waits behind no more than these.</summary>
    private const int LooksAtOnce = 50;

    private const long NoSuchKey = -2; // as PTTL says it

    private readonly IDatabase _database = redis.GetDatabase();
    private readonly RedisKeyspace _keyspace = new(redis, redis.GetDatabase().Database, options.KeyPrefix);

    private readonly RedisChannel _settled = RedisChannel.Literal($"{options.KeyPrefix}settled");
    private int _listens;

    /// <summary>The error codes (the first word of Redis's answer) with which it refuses writes and still reads.</summary>
    private static readonly string[] RefusesWrites = ["OOM ", "READONLY ", "MISCONF ", "NOREPLICAS "];

    public async ValueTask<BeginResult> BeginAsync(BeginRequest request)
    {
        try
        {
            // A new key, and the replay of a finished one, are one plain command (Redis 7: SET with NX and GET).
            var key = _keyspace.KeyOf(request.Key);
            var value = RedisRecord.InFlight(request, time.GetUtcNow());
            var life = request.Lease + request.Retention;
            var existing = await _database.StringSetAndGetAsync(key, value, life, keepTtl: false, When.NotExists);
            if (existing.IsNull)
            {
                await WaitForReplicasAsync();
                return RedisRecord.Describe(value, request.Claim, 0);
            }

            var found = (ReadOnlyMemory<byte>)existing;
            return RedisRecord.IsCompleted(found.Span)
                ? RedisRecord.Describe(found, request.Claim, 0)
                : await LookAndTakeOverAsync(request, key, value, life);
        }
        catch (RedisException e) when (ToldApart(e) is { } told)
        {
            throw told;
        }
    }

    /// <summary>What stands there depends on the time that is left, or is to be taken over: one atomic look by a script.</summary>
    private async ValueTask<BeginResult> LookAndTakeOverAsync(BeginRequest request, RedisKey key, byte[] value, TimeSpan life)
    {
        var answer = (RedisResult[])(await _database.ScriptEvaluateAsync(
            RedisScripts.Begin,
            [key],
            [value, (long)life.TotalMilliseconds, BytesOf(request.Claim), BytesOf(request.Fingerprint), request.TakeOverUnknown ? "1" : "0"]))!;
        await WaitForReplicasAsync();
        return RedisRecord.Describe((byte[])answer[0]!, request.Claim, (long)answer[1]);
    }

    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var value = await TellApartAsync(_database.StringGetAsync(_keyspace.KeyOf(key)));
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

    /// <summary>A list would be a second key in every verb.</summary>
    public bool ListsOpenRecords => false;

    public async ValueTask<StoredRecord?> ReadAsync(RecordKey key) => await LookAsync(key, withAnswer: true);

    /// <summary>For what announcements miss: they are lost with a connection, and nobody announces a lease that runs out.</summary>
    public TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    public event Action<RecordKey>? Announced;

    public async ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys)
    {
        var settled = new List<RecordKey>();
        foreach (var some in keys.Chunk(LooksAtOnce))
        {
            var states = await Task.WhenAll(some.Select(async key => (await TryLookAsync(key))?.State));
            settled.AddRange(some.Where((_, i) => states[i] != RecordState.InFlight));
        }

        return settled;
    }

    public async ValueTask ListenAsync()
    {
        if (Interlocked.Exchange(ref _listens, 1) == 1)
        {
            return;
        }

        // Kept for as long as the process: the client subscribes by itself when a connection comes back, also after a first time that failed.
        await redis.GetSubscriber().SubscribeAsync(_settled, (_, message) =>
        {
            if ((byte[]?)message is { Length: RecordKey.Size } key)
            {
                Announced?.Invoke(RecordKey.Read(key));
            }
        });
    }

    public void Announce(RecordKey key) => redis.GetSubscriber().Publish(_settled, RedisKeyspace.BytesOf(key), CommandFlags.FireAndForget);

    public async ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest)
    {
        var found = new HashSet<RecordKey>(); // SCAN may name a key twice
        var place = default(RedisPlace?);
        do
        {
            (var keys, place) = await _keyspace.StepAsync(digest.ToString("x16", CultureInfo.InvariantCulture), place);
            found.UnionWith(keys);
        }
        while (place is not null && found.Count < 2);

        return [.. found.Take(2)];
    }

    public async ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var (keys, next) = await _keyspace.StepAsync("", after is null ? null : RedisPlace.Parse(walk, after), limit);
        var records = new List<StoredRecord>();
        foreach (var some in keys.Chunk(LooksAtOnce))
        {
            var open = walk == RecordWalk.Open ? await Task.WhenAll(some.Select(MayBeOpenAsync)) : null;
            foreach (var record in await Task.WhenAll(some.Where((_, i) => open is null || open[i]).Select(TryLookAsync)))
            {
                if (record is not null && (walk == RecordWalk.All || record.State != RecordState.Completed))
                {
                    records.Add(record);
                }
            }
        }

        return new RecordScan(records, next?.Text(walk), keys.Count);
    }

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => answer is { } given
        ? RunAsync(RedisScripts.Resolve, key, BytesOf(held), BytesOf(ClaimToken.New()), given)
        : RunAsync(RedisScripts.Resolve, key, BytesOf(held));

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => RunAsync(RedisScripts.Delete, key, BytesOf(held));

    public async ValueTask<long> CountAsync()
    {
        var count = 0L;
        var place = default(RedisPlace?);
        do
        {
            (var keys, place) = await _keyspace.StepAsync("", place);
            count += keys.Count;
        }
        while (place is not null);

        return count;
    }

    /// <returns>False: two bytes tell that it is completed. Nearly all are, and a script for each would cost Redis several times as much.</returns>
    private async Task<bool> MayBeOpenAsync(RecordKey key)
    {
        try
        {
            var head = await TellApartAsync(_database.StringGetRangeAsync(_keyspace.KeyOf(key), 0, 1));
            return !RedisRecord.IsCompleted(((ReadOnlyMemory<byte>)head).Span);
        }
        catch (InvalidDataException)
        {
            return true; // a whole look tells what it is
        }
    }

    /// <summary>One atomic look, as what is left of the lease follows from the value and its time to live together.</summary>
    private async ValueTask<StoredRecord?> LookAsync(RecordKey key, bool withAnswer)
    {
        var looking = _database.ScriptEvaluateAsync(RedisScripts.Look, [_keyspace.KeyOf(key)], [withAnswer ? "1" : "0"]);
        var found = (RedisResult[])(await TellApartAsync(looking))!;
        var timeToLive = (long)found[1];
        if (timeToLive == NoSuchKey)
        {
            return null;
        }

        var record = RedisRecord.Tell(key, (byte[])found[0]!, timeToLive, time.GetUtcNow());
        return withAnswer ? record : record with { Answer = default };
    }

    /// <returns>Null: it is gone, or damaged. A walk must come past it; who reads it by its key is told.</returns>
    private async Task<StoredRecord?> TryLookAsync(RecordKey key)
    {
        try
        {
            return await LookAsync(key, withAnswer: false);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private async ValueTask<bool> RunAsync(string script, RecordKey key, params RedisValue[] arguments)
    {
        try
        {
            var done = (long)await _database.ScriptEvaluateAsync(script, [_keyspace.KeyOf(key)], arguments) == 1;
            if (done)
            {
                await WaitForReplicasAsync();
            }

            return done;
        }
        catch (RedisException e) when (ToldApart(e) is { } told)
        {
            throw told;
        }
    }

    private async ValueTask<T> TellApartAsync<T>(Task<T> call)
    {
        try
        {
            return await call;
        }
        catch (RedisException e) when (ToldApart(e) is { } told)
        {
            throw told;
        }
    }

    /// <returns>What a failure is to the gateway; null: a store that fails.</returns>
    private Exception? ToldApart(RedisException error) => error switch
    {
        RedisServerException when RefusesWrites.Any(code => error.Message.StartsWith(code, StringComparison.Ordinal)) => new StoreRefusesWritesException(error),
        RedisServerException when error.Message.StartsWith("WRONGTYPE ", StringComparison.Ordinal) => new InvalidDataException("Something that is no record stands under a record's key.", error),
        RedisConnectionException when OnlyReplicasAnswer() => new StoreRefusesWritesException(error), // READONLY, as the client has noticed by itself
        _ => null,
    };

    private bool OnlyReplicasAnswer()
    {
        var connected = redis.GetServers().Where(server => server.IsConnected).ToList();
        return connected.Count > 0 && connected.TrueForAll(server => server.IsReplica);
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
