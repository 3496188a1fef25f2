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
    private readonly AnswerSlabs _answers = new();
    private int _nextSweep;

    public bool AnswersAtOnce => true;

    public ValueTask<BeginResult> BeginAsync(BeginRequest request)
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
                Label = request.Label,
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
        var copy = _answers.Keep(answer.Span); // outside the lock; the caller's buffer is pooled
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

    public bool ListsOpenRecords => true;

    public ValueTask<StoredRecord?> ReadAsync(RecordKey key)
    {
        var now = time.GetUtcNow();
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            return new(shard.Records.TryGetValue(key, out var record) && record.ExpiresAt > now
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
                return !shard.Records.TryGetValue(key, out var record) || record.ExpiresAt <= now || record.State != RecordState.InFlight || record.LeaseUntil <= now;
            }
        })]);
    }

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) =>
        new([.. Living(time.GetUtcNow()).Select(record => record.Key).Where(key => (ulong)(key.Value >> 64) == digest).Take(2)]);

    /// <summary>Looks through all records, as a walk does.</summary>
    public ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key)
    {
        var now = time.GetUtcNow();
        var (isKnown, keys, bytes, oldest) = (false, 0L, 0L, DateTimeOffset.MaxValue);
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach (var (other, record) in shard.Records.Where(r => r.Value.ExpiresAt > now))
                {
                    isKnown |= other == key;
                    if (record.Label.Operation == operation && record.Label.Actor == actor)
                    {
                        (keys, bytes) = (keys + 1, bytes + record.Answer.Length);
                        oldest = record.ExpiresAt < oldest ? record.ExpiresAt : oldest;
                    }
                }
            }
        }

        return new(new ActorHoldings(isKnown, keys, bytes, keys == 0 ? TimeSpan.Zero : oldest - now));
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
        var copy = answer is { } given ? _answers.Keep(given.Span) : default(ReadOnlyMemory<byte>?);
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            ref var record = ref shard.Find(key, held, now);
            if (IsNone(ref record) || StateOf(record, now) != RecordState.Unknown)
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
            record.ExpiresAt = now + record.Retention;
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
            return new(!IsNone(ref record) && StateOf(record, now) != RecordState.InFlight && shard.Records.Remove(key));
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

    private static bool MayClaim(in Record record, BeginRequest request, DateTimeOffset now) => record.State switch
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

    /// <summary>As every reader sees it.</summary>
    private static RecordState StateOf(in Record record, DateTimeOffset now) =>
        record.State == RecordState.InFlight && record.LeaseUntil <= now ? RecordState.Unknown : record.State;

    private static StoredRecord Tell(RecordKey key, in Record record, DateTimeOffset now) => new(
        key, StateOf(record, now), record.Claim, record.CreatedAt, record.State == RecordState.InFlight ? record.LeaseUntil : null, record.ExpiresAt, record.Retention, record.Label);

    /// <summary>All that have not expired, one shard after the other.</summary>
    private List<StoredRecord> Living(DateTimeOffset now, bool withCompleted = true)
    {
        var living = new List<StoredRecord>();
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                living.AddRange(shard.Records.Where(r => r.Value.ExpiresAt > now && (withCompleted || r.Value.State != RecordState.Completed)).Select(r => Tell(r.Key, r.Value, now)));
            }
        }

        return living;
    }

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
        public RecordLabel Label;
        public ReadOnlyMemory<byte> Answer;
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
