using System.Runtime.InteropServices;

namespace Gateway.Stores.InMemory;

/// <summary>
/// Records in this process: for tests and trials. It forgets when the process ends and cannot be shared.
/// </summary>
/// <remarks>Shards keep callers out of each other's way; a lock is held for a few dictionary operations, never across an await.</remarks>
internal sealed class InMemoryStore(TimeProvider time) : IIdempotencyStore, IStoreInspector
{
    private const int ShardCount = 64;

    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];
    private int _nextSweep;

    public ValueTask<BeginResult> BeginAsync(in BeginRequest request)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(request.Key);
        lock (shard.Gate)
        {
            ref var record = ref CollectionsMarshal.GetValueRefOrAddDefault(shard.Records, request.Key, out var exists);
            if (exists && record.ExpiresAt > now && !MayClaim(record, request, now))
            {
                return new(Describe(record, now));
            }

            // A take-over keeps the moment when the key was first seen.
            var createdAt = exists && record.ExpiresAt > now ? record.CreatedAt : now;
            record = new Record
            {
                State = RecordState.InFlight,
                Claim = request.Claim,
                Fingerprint = request.Fingerprint,
                LeaseUntil = now + request.Lease,
                ExpiresAt = now + request.Lease + request.Retention,
                Retention = request.Retention,
                CreatedAt = createdAt,
            };
            return new(BeginResult.Claimed(createdAt));
        }
    }

    public ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            return new(shard.Records.TryGetValue(key, out var record) && record.State == RecordState.Completed && record.ExpiresAt > now ? Describe(record, now) : null);
        }
    }

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, claim, now);
            if (IsNone(ref record) || record.State != RecordState.InFlight || record.LeaseUntil <= now)
            {
                return new(false);
            }

            record.LeaseUntil = now + lease;
            record.ExpiresAt = now + lease + record.Retention;
            return new(true);
        }
    }

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer)
    {
        var now = time.GetUtcNow();
        var copy = answer.ToArray(); // outside the lock; the caller's buffer is pooled
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, claim, now);
            if (IsNone(ref record))
            {
                return new(false);
            }

            if (record.State != RecordState.Completed)
            {
                record.State = RecordState.Completed;
                record.Answer = copy;
                record.ExpiresAt = now + record.Retention;
            }

            return new(true);
        }
    }

    public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, claim, now);
            if (IsNone(ref record) || record.State == RecordState.Completed)
            {
                return new(false);
            }

            if (record.State == RecordState.InFlight)
            {
                record.State = RecordState.Unknown;
                record.ExpiresAt = now + record.Retention;
            }

            return new(true);
        }
    }

    public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim)
    {
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, claim, time.GetUtcNow());
            return new(!IsNone(ref record) && record.State == RecordState.InFlight && shard.Records.Remove(key));
        }
    }

    public ValueTask<int> SweepAsync(int limit)
    {
        var now = time.GetUtcNow();
        var removed = 0;
        for (var i = 0; i < ShardCount && removed < limit; i++)
        {
            var shard = _shards[(uint)Interlocked.Increment(ref _nextSweep) % ShardCount];
            lock (shard.Gate)
            {
                var most = limit - removed;
                foreach (var key in shard.Records.Where(r => r.Value.ExpiresAt <= now).Select(r => r.Key).Take(most).ToList())
                {
                    shard.Records.Remove(key);
                    removed++;
                }
            }
        }

        return new(removed);
    }

    public bool ListsOpenRecords => throw new NotImplementedException();

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key) => throw new NotImplementedException();

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => throw new NotImplementedException();

    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit) => throw new NotImplementedException();

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => throw new NotImplementedException();

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => throw new NotImplementedException();

    public ValueTask<long> CountAsync()
    {
        var count = 0L;
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                count += shard.Records.Count;
            }
        }

        return new(count);
    }

    private static bool MayClaim(in Record record, in BeginRequest request, DateTimeOffset now) => record.State switch
    {
        RecordState.InFlight when record.Claim == request.Claim => true,
        RecordState.InFlight when record.LeaseUntil > now => false,
        RecordState.InFlight or RecordState.Unknown => request.TakeOverUnknown && record.Fingerprint == request.Fingerprint,
        _ => false,
    };

    private static BeginResult Describe(in Record record, DateTimeOffset now) => record.State switch
    {
        RecordState.Completed => BeginResult.Completed(record.Fingerprint, record.CreatedAt, record.Answer),
        RecordState.InFlight when record.LeaseUntil > now => BeginResult.InFlight(record.Fingerprint, record.CreatedAt, record.LeaseUntil - now),
        _ => BeginResult.Unknown(record.Fingerprint, record.CreatedAt),
    };

    private static bool IsNone(ref Record record) => System.Runtime.CompilerServices.Unsafe.IsNullRef(ref record);

    private Shard ShardOf(RecordKey key) => _shards[(int)(ulong)key.Value & (ShardCount - 1)];

    private struct Record
    {
        public RecordState State;
        public ClaimToken Claim;
        public Fingerprint Fingerprint;
        public DateTimeOffset LeaseUntil;
        public DateTimeOffset ExpiresAt;
        public DateTimeOffset CreatedAt;
        public TimeSpan Retention;
        public byte[]? Answer;
    }

    private sealed class Shard
    {
        public readonly Lock Gate = new();
        public readonly Dictionary<RecordKey, Record> Records = [];

        /// <summary>The live record that the claim holds, or a null reference.</summary>
        public ref Record Find(RecordKey key, ClaimToken claim, DateTimeOffset now)
        {
            ref var record = ref CollectionsMarshal.GetValueRefOrNullRef(Records, key);
            if (!IsNone(ref record) && (record.Claim != claim || record.ExpiresAt <= now))
            {
                return ref System.Runtime.CompilerServices.Unsafe.NullRef<Record>();
            }

            return ref record;
        }
    }
}
