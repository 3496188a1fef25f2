using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>One file over time and among several: closing and opening again, two stores at once, a lock held by somebody else.</summary>
public sealed class SqliteSharingTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Records_in_every_state_survive_closing_and_opening_again()
    {
        var (running, lapsed, unknown, done) = (Request(lease: 30), Request(lease: 5), Request(lease: 30), Request(lease: 30));
        var answer = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        using (var store = _folder.OpenStore(_clock))
        {
            foreach (var request in new[] { running, lapsed, unknown, done })
            {
                Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(request)).Outcome);
            }

            Assert.True(await store.MarkUnknownAsync(unknown.Key, unknown.Claim));
            Assert.True(await store.CompleteAsync(done.Key, done.Claim, answer));
        }

        _clock.Advance(TimeSpan.FromSeconds(10));
        using (var store = _folder.OpenStore(_clock))
        {
            var found = await LookAsync(store, running);
            Assert.Equal(BeginOutcome.InFlight, found.Outcome);
            Assert.Equal(TimeSpan.FromSeconds(20), found.LeaseRemaining);
            Assert.Equal(_clock.Start, found.CreatedAt);
            Assert.Equal(running.Fingerprint, found.Fingerprint);
            Assert.Equal(BeginOutcome.Unknown, (await LookAsync(store, lapsed)).Outcome);
            Assert.Equal(BeginOutcome.Unknown, (await LookAsync(store, unknown)).Outcome);
            Assert.Equal(answer, (await LookAsync(store, done)).Answer.ToArray());

            // The claims, too.
            Assert.True(await store.RenewAsync(running.Key, running.Claim, running.Lease));
            Assert.True(await store.CompleteAsync(lapsed.Key, lapsed.Claim, answer));
            Assert.True(await store.CompleteAsync(unknown.Key, unknown.Claim, answer));
        }
    }

    [Fact]
    public async Task The_last_to_close_leaves_one_file()
    {
        using (var store = _folder.OpenStore(_clock))
        {
            await store.BeginAsync(Request(lease: 30));
            await LookAsync(store, Request(lease: 30));
            await store.CountAsync();
        }

        Assert.Equal([_folder.File], Directory.GetFiles(Path.GetDirectoryName(_folder.File)!));
    }

    [Fact]
    public async Task Of_two_stores_on_one_file_one_claims_and_both_see_its_answer()
    {
        using var left = _folder.OpenStore(_clock);
        using var right = _folder.OpenStore(_clock);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            var (first, second) = (Request(lease: 30), Request(lease: 30));
            second = second with { Key = first.Key };
            var begun = await Task.WhenAll(
                Task.Run(async () => (await left.BeginAsync(first)).Outcome),
                Task.Run(async () => (await right.BeginAsync(second)).Outcome));
            Assert.Contains(BeginOutcome.Claimed, begun);
            Assert.Contains(BeginOutcome.InFlight, begun);

            var (winner, loser) = begun[0] == BeginOutcome.Claimed ? (left, right) : (right, left);
            var (held, lost) = begun[0] == BeginOutcome.Claimed ? (first, second) : (second, first);
            Assert.False(await loser.CompleteAsync(lost.Key, lost.Claim, "lost"u8.ToArray()));
            Assert.True(await winner.CompleteAsync(held.Key, held.Claim, BitConverter.GetBytes(i)));
            Assert.Equal(BitConverter.GetBytes(i), (await LookAsync(loser, lost)).Answer.ToArray());
            Assert.Equal(BitConverter.GetBytes(i), (await LookAsync(winner, held)).Answer.ToArray());
        })));

        Assert.Equal(200, await left.CountAsync());
        Assert.Equal(200, await right.CountAsync());
    }

    [Fact]
    public async Task A_claim_may_be_completed_through_another_store_on_the_file()
    {
        using var left = _folder.OpenStore(_clock);
        using var right = _folder.OpenStore(_clock);
        var request = Request(lease: 30);
        await left.BeginAsync(request);

        Assert.True(await right.RenewAsync(request.Key, request.Claim, request.Lease));
        Assert.True(await right.CompleteAsync(request.Key, request.Claim, "right"u8.ToArray()));
        Assert.True(await left.CompleteAsync(request.Key, request.Claim, "left"u8.ToArray()));

        Assert.Equal("right"u8.ToArray(), (await LookAsync(left, request)).Answer.ToArray());
    }

    [Fact]
    public async Task Stores_that_open_a_new_file_together_agree_on_its_schema()
    {
        for (var round = 0; round < 5; round++)
        {
            var options = _folder.Options with { Path = _folder.PathOf($"{round}.db") };
            var stores = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => new SqliteStore(options, _clock))));
            try
            {
                var request = Request(lease: 30);
                Assert.Equal(BeginOutcome.Claimed, (await stores[0].BeginAsync(request)).Outcome);
                Assert.All(await Task.WhenAll(stores[1..].Select(s => LookAsync(s, request))), f => Assert.Equal(BeginOutcome.InFlight, f.Outcome));
            }
            finally
            {
                Array.ForEach(stores, s => s.Dispose());
            }
        }
    }

    [Fact]
    public async Task Two_stores_that_sweep_together_remove_each_record_once()
    {
        using var left = _folder.OpenStore(_clock);
        using var right = _folder.OpenStore(_clock);
        for (var i = 0; i < 100; i++)
        {
            await left.BeginAsync(Request(lease: 1) with { Retention = TimeSpan.FromSeconds(1) });
        }

        _clock.Advance(TimeSpan.FromSeconds(2));
        var removed = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(async () => await (i % 2 == 0 ? left : right).SweepAsync(7))));

        Assert.Equal(100, removed.Sum());
        Assert.Equal(0, await left.CountAsync());
    }

    [Fact]
    public async Task While_another_process_holds_the_lock_writes_fail_and_replays_go_on_and_afterwards_all_is_well()
    {
        using var store = new SqliteStore(_folder.Options with { BusyTimeout = TimeSpan.FromMilliseconds(20) }, _clock);
        var (done, fresh) = (Request(lease: 30), Request(lease: 30));
        await store.BeginAsync(done);
        Assert.True(await store.CompleteAsync(done.Key, done.Claim, "answer"u8.ToArray()));

        using (var other = _folder.Connect())
        {
            other.Ask("BEGIN IMMEDIATE");
            var failure = await Assert.ThrowsAsync<SqliteException>(async () => await store.BeginAsync(fresh));
            Assert.Equal(SQLitePCL.raw.SQLITE_BUSY, failure.SqliteErrorCode);
            Assert.Equal("answer"u8.ToArray(), (await LookAsync(store, done)).Answer.ToArray());
            other.Ask("ROLLBACK");
        }

        Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(fresh)).Outcome);
        Assert.True(await store.CompleteAsync(fresh.Key, fresh.Claim, default));
    }

    [Fact]
    public async Task Answers_are_replayed_while_others_are_written()
    {
        using var store = _folder.OpenStore(_clock);
        var done = Request(lease: 30);
        var answer = new byte[20_000];
        new Random(1).NextBytes(answer);
        await store.BeginAsync(done);
        Assert.True(await store.CompleteAsync(done.Key, done.Claim, answer));

        var writers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                var request = Request(lease: 30);
                Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(request)).Outcome);
                Assert.True(await store.CompleteAsync(request.Key, request.Claim, answer));
            }
        }));
        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.True((await LookAsync(store, done)).Answer.Span.SequenceEqual(answer));
            }
        }));
        await Task.WhenAll(writers.Concat(readers));

        Assert.Equal(321, await store.CountAsync());
    }

    private static Task<BeginResult> LookAsync(SqliteStore store, BeginRequest request) =>
        store.BeginAsync(request with { Claim = ClaimToken.New() }).AsTask();

    private static BeginRequest Request(int lease) => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(lease),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };
}
