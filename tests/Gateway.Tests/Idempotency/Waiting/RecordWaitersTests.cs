using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Idempotency.Waiting;

/// <summary>Who wakes those that wait, and how often the store is looked at for them.</summary>
public sealed class RecordWaitersTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly IdempotencyPolicy Rejects = new() { Name = "p", Actor = ActorRules.Shared };
    private static readonly IdempotencyPolicy Waits = new() { Name = "p", Actor = ActorRules.Shared, InProgress = InProgressBehaviour.Wait };

    private readonly WaitingClock _clock = new();
    private readonly ScriptedWatch _watch = new();
    private readonly CapturedLog _log = new();
    private readonly StoreParts _parts;
    private readonly RecordWaiters _waiters;

    public RecordWaitersTests()
    {
        _parts = new StoreParts(new InMemoryStore(_clock), _clock);
        _waiters = new RecordWaiters(_watch, _parts.Limits, new NoLifetime(), _parts.Meters, _clock, new LoggerFactory([_log]).CreateLogger<RecordWaiters>());
    }

    public Task InitializeAsync() => _waiters.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _waiters.StopAsync(CancellationToken.None);
        _waiters.Dispose();
        _parts.Circuit.Dispose();
    }

    [Fact]
    public async Task Two_hundred_who_wait_are_one_look_in_each_interval_and_none_once_they_have_gone()
    {
        var keys = Enumerable.Range(1, 100).Select(i => new RecordKey((UInt128)i)).ToList();
        foreach (var key in keys.Concat(keys))
        {
            _waiters.Enter();
            _ = _waiters.Next(key);
        }

        for (var i = 1; i <= 20; i++) // five seconds
        {
            await NextLookAsync(Interval);
            Assert.Equal(i, _watch.Looks.Count);
        }

        Assert.All(_watch.Looks, look => Assert.Equal(keys.ToHashSet(), look.ToHashSet()));
        Assert.Equal(1, _watch.Listens);

        keys.Concat(keys).ToList().ForEach(_ => _waiters.Leave());
        Assert.Equal(0, _waiters.Requests);
        await EndedAsync();
        Assert.Equal(20, _watch.Looks.Count);
    }

    [Fact]
    public async Task A_record_that_nobody_has_announced_is_found_settled_by_looking()
    {
        var (running, settled) = (Wait(1), Wait(2));
        _watch.Look = _ => [new RecordKey(2)];
        await NextLookAsync(Interval);
        await settled.WithinLimit();
        Assert.False(running.IsCompleted);
        await NextLookAsync(Interval);
        Assert.Equal([new RecordKey(1)], _watch.Looks[^1]); // who was woken is not looked at again
    }

    [Fact]
    public async Task What_another_gateway_announces_wakes_those_who_wait_for_it_alone()
    {
        var (one, other) = (Wait(1), Wait(2));
        _watch.Announce(new RecordKey(1));
        await one.WithinLimit();
        Assert.False(other.IsCompleted);
    }

    [Fact]
    public async Task What_ends_here_wakes_at_once_and_is_announced_only_where_somebody_may_wait()
    {
        var (one, other) = (Wait(1), Wait(2));
        _waiters.Settled(new RecordKey(1), Rejects);
        await one.WithinLimit();
        Assert.Empty(_watch.Told);
        _waiters.Settled(new RecordKey(2), Waits);
        await other.WithinLimit();
        Assert.Equal([new RecordKey(2)], _watch.Told);
    }

    [Fact]
    public async Task An_announcement_that_fails_is_nobodys_failure()
    {
        var waits = Wait(1);
        _watch.CannotTell = true;
        _waiters.Settled(new RecordKey(1), Waits);
        await waits.WithinLimit();
    }

    [Fact]
    public async Task A_store_that_fails_is_looked_at_ever_more_rarely_and_told_of_once()
    {
        var waits = Wait(1);
        _watch.Look = _ => throw new IOException("the store is down");
        foreach (var pause in (double[])[0.25, 0.5, 1, 2, 4, 5, 5])
        {
            await NextLookAsync(TimeSpan.FromSeconds(pause));
        }

        Assert.Single(_log.Entries, entry => entry.Event == "WatchFailed");
        _watch.Look = _ => [];
        await NextLookAsync(TimeSpan.FromSeconds(5));
        await NextLookAsync(Interval);
        Assert.False(waits.IsCompleted);
    }

    private Task Wait(int key)
    {
        _waiters.Enter();
        return _waiters.Next(new RecordKey((UInt128)key));
    }

    /// <summary>The next timer is the pause before a look; it is let pass, and the look has been made.</summary>
    private async Task NextLookAsync(TimeSpan pause)
    {
        Assert.Equal(pause, await _clock.NextWaitAsync().AsTask().WithinLimit());
        var looks = _watch.Looks.Count;
        _clock.Advance(pause);
        await Bounded.UntilAsync(() => Task.FromResult(_watch.Looks.Count), count => count > looks);
    }

    /// <summary>Its last pause has ended without a look, and it has come to rest: what comes next begins anew.</summary>
    private async Task EndedAsync()
    {
        await _clock.NextWaitAsync().AsTask().WithinLimit();
        _clock.Advance(Interval);
        await Bounded.UntilAsync(() => Task.FromResult(_watch.EmptyLooks), looks => looks <= 1);
    }

    private sealed class ScriptedWatch : IRecordWatch
    {
        private readonly List<IReadOnlyList<RecordKey>> _looks = [];

        public event Action<RecordKey>? Announced;

        public TimeSpan PollInterval => Interval;

        public Func<IReadOnlyList<RecordKey>, IReadOnlyList<RecordKey>> Look { get; set; } = _ => [];

        public IReadOnlyList<IReadOnlyList<RecordKey>> Looks
        {
            get
            {
                lock (_looks)
                {
                    return [.. _looks];
                }
            }
        }

        public int EmptyLooks => Looks.Count(look => look.Count == 0);

        public int Listens { get; private set; }

        public List<RecordKey> Told { get; } = [];

        public bool CannotTell { get; set; }

        public ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys)
        {
            lock (_looks)
            {
                _looks.Add(keys);
            }

            return new(Look(keys));
        }

        public ValueTask ListenAsync()
        {
            Listens++;
            return default;
        }

        void IRecordWatch.Announce(RecordKey key)
        {
            if (CannotTell)
            {
                throw new IOException("the command is disabled");
            }

            Told.Add(key);
        }

        public void Announce(RecordKey key) => Announced?.Invoke(key);
    }
}
