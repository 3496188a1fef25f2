using Gateway.Stores;
using Gateway.Stores.InMemory;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>The self-test believes no store that forgets, mixes up or gives a key out twice.</summary>
public sealed class StoreSelfTestTests
{
    public static TheoryData<string, string> Lies => new()
    {
        { "claims nothing", "a new record could not be claimed" },
        { "never finds", "a claimed record could be claimed again" },
        { "claims twice", "a claimed record could be claimed again" },
        { "refuses to complete", "a claim could not be completed" },
        { "loses the completion", "a completed record was not replayed" },
        { "returns other bytes", "a completed record was not replayed" },
        { "returns no bytes", "a completed record was not replayed" },
        { "claims what is completed", "a completed record was not replayed" },
        { "refuses to release", "a claim could not be released" },
    };

    [Fact]
    public async Task The_memory_store_passes_and_is_left_empty_when_its_traces_have_expired()
    {
        var clock = new FakeTimeProvider();
        var store = new InMemoryStore(clock);

        await StoreSelfTest.RunAsync(store);

        await AssertNothingStaysAsync(store, clock);
    }

    [Fact]
    public async Task The_sqlite_store_passes_again_and_again_and_is_left_empty_when_its_traces_have_expired()
    {
        var clock = new FakeTimeProvider();
        using var folder = new SqliteFolder();
        using var store = folder.OpenStore(clock);

        await StoreSelfTest.RunAsync(store);
        await StoreSelfTest.RunAsync(store);

        await AssertNothingStaysAsync(store, clock);
    }

    [Fact]
    public async Task Self_tests_at_once_on_one_store_do_not_disturb_each_other()
    {
        var store = new InMemoryStore(new FakeTimeProvider());

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => StoreSelfTest.RunAsync(store))));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_store_that_lies_is_found_out(string lie, string finding)
    {
        var store = new LyingStore(new InMemoryStore(new FakeTimeProvider()), lie);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => StoreSelfTest.RunAsync(store));

        Assert.Equal($"Self-test of the store: {finding}.", failure.Message);
    }

    [Fact]
    public async Task A_store_that_fails_is_tried_again_until_it_passes()
    {
        var clock = new WaitingClock();
        var store = new LyingStore(new InMemoryStore(clock), "is down");
        using var test = new StoreSelfTest(store, [], clock, NullLogger<StoreSelfTest>.Instance);

        await test.StartAsync(CancellationToken.None);
        var pause = await clock.NextWaitAsync();
        Assert.False(test.HasPassed);
        clock.Advance(pause);
        Assert.Equal(pause, await clock.NextWaitAsync());
        Assert.False(test.HasPassed);

        store.Lie = "none";
        clock.Advance(pause);
        await test.ExecuteTask!;

        Assert.True(test.HasPassed);
    }

    [Fact]
    public async Task Stopping_ends_the_trying()
    {
        var clock = new WaitingClock();
        using var test = new StoreSelfTest(new LyingStore(new InMemoryStore(clock), "is down"), [], clock, NullLogger<StoreSelfTest>.Instance);
        await test.StartAsync(CancellationToken.None);
        await clock.NextWaitAsync();

        await test.StopAsync(CancellationToken.None);

        Assert.True(test.ExecuteTask!.IsCompleted);
        Assert.False(test.HasPassed);
    }

    private static async Task AssertNothingStaysAsync(IStoreInspector inspector, FakeTimeProvider clock)
    {
        clock.Advance(TimeSpan.FromMinutes(1));
        await inspector.SweepAsync(100);
        Assert.Equal(0, await inspector.CountAsync());
    }

    /// <summary>A store that does as its contract says, but for one thing.</summary>
    private sealed class LyingStore(IIdempotencyStore honest, string lie) : IIdempotencyStore
    {
        public ValueTask<BeginResult?> FindCompletedAsync(RecordKey key) => throw new NotSupportedException();

        public string Lie { get; set; } = lie;

        private async ValueTask<BeginResult> AnswerAsync(BeginRequest request)
        {
            if (Lie == "is down")
            {
                throw new IOException("the store is down");
            }

            if (Lie == "never finds")
            {
                request = request with { Key = new RecordKey(ClaimToken.New().Value) };
            }

            var result = await honest.BeginAsync(request);
            return (Lie, result.Outcome) switch
            {
                ("claims nothing", BeginOutcome.Claimed) => BeginResult.Unknown(request.Fingerprint, default),
                ("claims twice", BeginOutcome.InFlight) => BeginResult.Claimed(DateTimeOffset.UnixEpoch),
                ("claims what is completed", BeginOutcome.Completed) => BeginResult.Claimed(DateTimeOffset.UnixEpoch),
                ("returns other bytes", BeginOutcome.Completed) => BeginResult.Completed(result.Fingerprint, result.CreatedAt, "self-tesT"u8.ToArray()),
                ("returns no bytes", BeginOutcome.Completed) => BeginResult.Completed(result.Fingerprint, result.CreatedAt, default),
                _ => result,
            };
        }

        public ValueTask<BeginResult> BeginAsync(BeginRequest request) => AnswerAsync(request);

        public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) => honest.RenewAsync(key, claim, lease);

        public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer) => Lie switch
        {
            "refuses to complete" => new(false),
            "loses the completion" => new(true),
            _ => honest.CompleteAsync(key, claim, answer),
        };

        public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) => honest.MarkUnknownAsync(key, claim);

        public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) =>
            Lie == "refuses to release" ? new(false) : honest.ReleaseAsync(key, claim);
    }
}
