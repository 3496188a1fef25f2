using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Gateway.Stores.Redis;

/// <summary>
/// Redis cannot count records by actor, so it is told of each: two keys an actor, in one slot of a Cluster. A record that is noted and
/// then evaporates (a gateway that dies between two steps) counts until its life would have ended.
/// </summary>
internal sealed class RedisActorQuota(IConnectionMultiplexer redis, RedisStoreOptions options) : IActorQuota
{
    private readonly IDatabase _database = redis.GetDatabase();
    private readonly RedisKeyspace _keyspace = new(redis, redis.GetDatabase().Database, options.KeyPrefix);

    public async ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key)
    {
        // Also one that nobody has noted (begun before there was a quota, or its note was lost): a retry is not refused. In another slot, and beside the script.
        var life = _database.KeyTimeToLiveAsync(_keyspace.KeyOf(key));
        var found = (RedisResult[])(await _database.ScriptEvaluateAsync(RedisScripts.QuotaLook, KeysOf(operation, actor), [RedisKeyspace.BytesOf(key)]))!;
        return new ActorHoldings(await life is not null || (long)found[0] == 1, (long)found[1], (long)found[2], TimeSpan.FromMilliseconds((double)found[3]));
    }

    public async ValueTask NoteAsync(string operation, UInt128 actor, RecordKey key, long size, TimeSpan life) =>
        await _database.ScriptEvaluateAsync(RedisScripts.QuotaNote, KeysOf(operation, actor), [RedisKeyspace.BytesOf(key), size, (long)life.TotalMilliseconds]);

    public async ValueTask ForgetAsync(string operation, UInt128 actor, RecordKey key) =>
        await _database.ScriptEvaluateAsync(RedisScripts.QuotaForget, KeysOf(operation, actor), [RedisKeyspace.BytesOf(key)]);

    /// <summary>In braces, what the slot is made of.</summary>
    private RedisKey[] KeysOf(string operation, UInt128 actor)
    {
        var name = new byte[16 + Encoding.UTF8.GetByteCount(operation)];
        BinaryPrimitives.WriteUInt128BigEndian(name, actor);
        Encoding.UTF8.GetBytes(operation, name.AsSpan(16));
        var whose = $"{options.KeyPrefix}quota:{{{Convert.ToHexStringLower(SHA256.HashData(name).AsSpan(0, 16))}}}";
        return [whose, $"{whose}:sizes"];
    }
}
