using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.Stores.InMemory;

/// <summary>
/// Records in this process: for tests and trials. It forgets when the process ends and cannot be shared.
/// </summary>
/// <remarks>Shards keep callers out of each other's way; a lock is held for a few dictionary operations, never across an await.</remarks>
internal sealed class InMemoryStore(TimeProvider time) : IIdempotencyStore, IStoreInspector, IRecordWatch, IActorQuota
{
    private const int ShardCount = 64;

    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];
    private readonly ByteSlabs _slabs = new();
    private int _nextSweep;

    public bool AnswersAtOnce => true;

    public ValueTask<BeginResult> BeginAsync(BeginRequest request)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(request.Key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Records.FindOrAdd(request.Key, out var exists);
            if (exists && record.IsLive(now) && !MayClaim(record, request, now))
            {
                return new(Describe(record, now));
            }

            // A take-over keeps the moment when the key was first seen.
            record.CreatedAt = exists && record.IsLive(now) ? record.CreatedAt : now.UtcTicks;
            record.State = RecordState.InFlight;
            record.Claim = request.Claim;
            record.Fingerprint = request.Fingerprint;
            record.LeaseUntil = (now + request.Lease).UtcTicks;
            record.ExpiresAt = (now + request.Lease + request.Retention).UtcTicks;
            record.Retention = request.Retention;
            record.Operation = request.Label.Operation;
            record.Actor = request.Label.Actor;
            record.LabelKey = _slabs.Keep(MemoryMarshal.AsBytes(request.Label.Key.AsSpan()));
            record.Answer = default;
            return new(BeginResult.Claimed(record.FirstSeen));
        }
    }

    public ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            return new(shard.FindLive(key, now) is { State: RecordState.Completed } record ? Describe(record, now) : null);
        }
    }

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, claim, now);
            if (IsNone(ref record) || record.StateAt(now) != RecordState.InFlight)
            {
                return new(false);
            }

            record.LeaseUntil = (now + lease).UtcTicks;
            record.ExpiresAt = (now + lease + record.Retention).UtcTicks;
            return new(true);
        }
    }

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer)
    {
        var now = time.GetUtcNow();
        var copy = _slabs.Keep(answer.Span); // outside the lock; the caller's buffer is pooled
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
                record.ExpiresAt = (now + record.Retention).UtcTicks;
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
                record.ExpiresAt = (now + record.Retention).UtcTicks;
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
                foreach (var key in shard.Records.All.Where(r => !r.Record.IsLive(now)).Select(r => r.Key).Take(most).ToList())
                {
                    shard.Records.Remove(key);
                    removed++;
                }
            }
        }

        return new(removed);
    }

    public bool ListsOpenRecords => true;

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            return new(shard.FindLive(key, now) is { } record
                ? Tell(key, record, now) with { Answer = record.State == RecordState.Completed ? record.Answer : default }
                : null);
        }
    }

    /// <summary>Nobody but this process ends its records.</summary>
    public TimeSpan PollInterval => Timeout.InfiniteTimeSpan;

    public ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys)
    {
        var now = time.GetUtcNow();
        return new([.. keys.Where(key =>
        {
            var shard = ShardOf(key);
            lock (shard.Gate)
            {
                return shard.FindLive(key, now)?.StateAt(now) != RecordState.InFlight;
            }
        })]);
    }

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) =>
        new([.. Living(time.GetUtcNow()).Select(record => record.Key).Where(key => (ulong)(key.Value >> 64) == digest).Take(2)]);

    /// <summary>Looks through all records, as a walk does.</summary>
    public ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key)
    {
        var now = time.GetUtcNow();
        var (isKnown, keys, bytes, oldest) = (false, 0L, 0L, long.MaxValue);
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach (var (other, record) in shard.Records.All.Where(r => r.Record.IsLive(now)))
                {
                    isKnown |= other == key;
                    if (record.Operation == operation && record.Actor == actor)
                    {
                        (keys, bytes) = (keys + 1, bytes + record.Answer.Length);
                        oldest = Math.Min(oldest, record.ExpiresAt);
                    }
                }
            }
        }

        return new(new ActorHoldings(isKnown, keys, bytes, keys == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(oldest - now.UtcTicks)));
    }

    /// <summary>Each step looks through all records and sorts what is left of them: for tests and trials, as the whole store is.</summary>
    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var passed = after is null ? default(WalkPlace?) : WalkPlace.Parse(walk, after);
        var ahead = Living(time.GetUtcNow(), withCompleted: walk != RecordWalk.Open);
        ahead.RemoveAll(record => passed?.CompareTo(walk, WalkPlace.Of(record)) >= 0);
        ahead.Sort((left, right) => WalkPlace.Of(left).CompareTo(walk, WalkPlace.Of(right)));
        var step = ahead[..Math.Min(limit, ahead.Count)];
        return new(new RecordScan(step, step.Count < ahead.Count ? WalkPlace.Of(step[^1]).Text(walk) : null, step.Count));
    }

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer)
    {
        var now = time.GetUtcNow();
        var copy = answer is { } given ? _slabs.Keep(given.Span) : default(ReadOnlyMemory<byte>?);
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, held, now);
            if (IsNone(ref record) || record.StateAt(now) != RecordState.Unknown)
            {
                return new(false);
            }

            if (copy is null)
            {
                return new(shard.Records.Remove(key));
            }

            record.State = RecordState.Completed;
            record.Claim = ClaimToken.New();
            record.Answer = copy.Value;
            record.ExpiresAt = (now + record.Retention).UtcTicks;
            return new(true);
        }
    }

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, held, now);
            return new(!IsNone(ref record) && record.StateAt(now) != RecordState.InFlight && shard.Records.Remove(key));
        }
    }

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

    private static bool MayClaim(in MemoryRecord record, BeginRequest request, DateTimeOffset now) =>
        (record.State == RecordState.InFlight && record.Claim == request.Claim)
        || (record.StateAt(now) == RecordState.Unknown && request.TakeOverUnknown && record.Fingerprint == request.Fingerprint);

    private static BeginResult Describe(in MemoryRecord record, DateTimeOffset now) => record.StateAt(now) switch
    {
        RecordState.Completed => BeginResult.Completed(record.Fingerprint, record.FirstSeen, record.Answer),
        RecordState.InFlight => BeginResult.InFlight(record.Fingerprint, record.FirstSeen, TimeSpan.FromTicks(record.LeaseUntil - now.UtcTicks)),
        _ => BeginResult.Unknown(record.Fingerprint, record.FirstSeen),
    };

    private static StoredRecord Tell(RecordKey key, in MemoryRecord record, DateTimeOffset now) => new(
        key, record.StateAt(now), record.Claim, record.FirstSeen, record.State == RecordState.InFlight ? At(record.LeaseUntil) : null, At(record.ExpiresAt), record.Retention, record.Label);

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);

    /// <summary>All that have not expired, one shard after the other.</summary>
    private List<StoredRecord> Living(DateTimeOffset now, bool withCompleted = true)
    {
        var living = new List<StoredRecord>();
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                living.AddRange(shard.Records.All.Where(r => r.Record.IsLive(now) && (withCompleted || r.Record.State != RecordState.Completed)).Select(r => Tell(r.Key, r.Record, now)));
            }
        }

        return living;
    }

    private static bool IsNone(ref MemoryRecord record) => Unsafe.IsNullRef(ref record);

    private Shard ShardOf(RecordKey key) => _shards[(int)(ulong)key.Value & (ShardCount - 1)];

    private sealed class Shard
    {
        public readonly Lock Gate = new();
        public readonly RecordTable Records = new();

        public MemoryRecord? FindLive(RecordKey key, DateTimeOffset now)
        {
            ref var record = ref Records.Find(key);
            return !IsNone(ref record) && record.IsLive(now) ? record : null;
        }

        /// <summary>The live record that the claim holds, or a null reference.</summary>
        public ref MemoryRecord Find(RecordKey key, ClaimToken claim, DateTimeOffset now)
        {
            ref var record = ref Records.Find(key);
            if (!IsNone(ref record) && (record.Claim != claim || !record.IsLive(now)))
            {
                return ref Unsafe.NullRef<MemoryRecord>();
            }

            return ref record;
        }
    }
}
