using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>A store that refuses, hangs, loses replies and comes back.</summary>
public sealed class StoreTests
{
    private const string ShortTimes = """{ "Stores": { "OperationTimeout": "00:00:00.2", "CompletionTimeout": "00:00:00.5" } }""";

    public static TheoryData<string> Faults => ["refused", "hung", "reply lost"];

    internal static Task<TestGateway> StartAsync(string backend, string policy, Action<FaultyStore> prepare, string idempotency = "{}") =>
        TestGateway.StartAsync(backend, policy, idempotency: idempotency, configure: builder => builder.Services.AddSingleton<IIdempotencyStore>(provider =>
        {
            var store = new FaultyStore(provider.GetRequiredService<InMemoryStore>());
            prepare(store);
            return store;
        }));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_store_that_fails_at_begin_is_503_with_nothing_forwarded_and_afterwards_the_key_is_free(string fault)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s, ShortTimes);
        await ReadyAsync(gateway);

        Break(store, fault, "begin");
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Empty(backend.Requests);

        Mend(store);
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_begin_that_is_carried_out_after_its_release_is_released_as_well()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        var late = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        store.Before = verb => verb == "begin" ? late.Task : Task.CompletedTask;
        store.After = verb =>
        {
            if (verb == "release")
            {
                released.TrySetResult();
            }

            return Task.CompletedTask;
        };
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        await released.Task.WithinLimit(); // it found nothing

        Mend(store);
        late.SetResult();
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_begin_that_its_client_library_repeats_behind_the_release_is_released_once_more()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        var again = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        store.Repeat = again.Task; // carried out, its reply lost, and carried out again later
        store.After = verb =>
        {
            if (verb == "release")
            {
                released.TrySetResult();
            }

            return Task.CompletedTask;
        };
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        await released.Task.WithinLimit();

        store.Repeat = Task.CompletedTask;
        again.SetResult();
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Under_Forward_a_store_that_fails_at_begin_lets_the_request_through_and_the_answer_says_so(string fault)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, """{ "StoreFailure": "Forward" }""", s => store = s, ShortTimes);
        await ReadyAsync(gateway);

        Break(store, fault, "begin");
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
        Assert.Equal("unprotected", answer.Status());
        Assert.Equal("k", answer.Headers.GetValues("Idempotency-Key").Single());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task An_answer_that_the_store_does_not_take_goes_out_marked_and_lands_when_the_store_is_back(string fault)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s, ShortTimes);
        await ReadyAsync(gateway);

        Break(store, fault, "complete");
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        Assert.Equal("not-stored", first.Status());

        // This gateway has the answer: no retry that comes here waits for the store.
        using var meanwhile = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await meanwhile.Content.ReadAsStringAsync(), meanwhile.IsReplay()));
        using var other = await gateway.Client.PostAsync("k", """{"amount":1}""");
        await other.ShouldBeAsync(422, "key-reused");

        Mend(store);
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200 && answer.Status() is null);
        Assert.True(retry.IsReplay());
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("Reject")]
    [InlineData("Forward")]
    public async Task With_the_store_down_a_retry_gets_the_answer_that_waits_for_it_and_nothing_runs_again(string storeFailure)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, $$"""{ "StoreFailure": "{{storeFailure}}" }""", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        Break(store, "refused", "complete");
        using var first = await gateway.Client.PostAsync("k");
        store.Before = _ => throw new IOException("the store is down");

        using var retry = await gateway.Client.PostAsync("k");

        Assert.Equal(("paid", true, "not-stored"), (await retry.Content.ReadAsStringAsync(), retry.IsReplay(), retry.Status()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_at_begin_is_not_forwarded_under_Forward_either()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, """{ "StoreFailure": "Forward" }""", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        store.Before = verb => verb == "begin" ? throw new InvalidDataException("a record of another version") : Task.CompletedTask;

        for (var i = 0; i < 2 * StoreCircuit.MinimumThroughput; i++)
        {
            using var refused = await gateway.Client.PostAsync("k");
            await refused.ShouldBeAsync(503, "store-unavailable");
        }

        Assert.Empty(backend.Requests);
        Assert.True(gateway.Log.Has("RecordUnreadable"));
        Assert.False(gateway.Services.GetRequiredService<StoreCircuit>().IsOpen); // one bad record is no bad store
    }

    [Fact]
    public async Task A_completion_that_fails_once_is_repeated_before_the_client_hears_of_it()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var failures = 0;
        await using var gateway = await StartAsync(backend.Address, "{}", store =>
            store.After = verb => verb == "complete" && Interlocked.Increment(ref failures) == 2 ? throw new IOException("the reply is lost") : Task.CompletedTask);
        await ReadyAsync(gateway); // its self-test completes once
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Null(first.Status());
        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task All_tries_to_keep_an_answer_end_with_CompletionTimeout_however_long_one_call_may_take()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s,
            """{ "Stores": { "OperationTimeout": "00:01:00", "CompletionTimeout": "00:00:00.3" } }""");
        await ReadyAsync(gateway);
        Break(store, "hung", "complete");
        using var first = await gateway.Client.PostAsync("k"); // gives up after a minute as well
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        Assert.Equal("not-stored", first.Status());
    }

    [Fact]
    public async Task No_answer_is_given_before_it_is_stored()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s);
        await ReadyAsync(gateway);
        var completing = new TaskCompletionSource();
        var proceed = new TaskCompletionSource();
        store.Before = async verb =>
        {
            if (verb == "complete")
            {
                completing.TrySetResult();
                await proceed.Task;
            }
        };

        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Post("/p", "k", "{}"));
        await completing.Task.WithinLimit();
        Assert.Equal(0, client.Available);
        proceed.SetResult();
        Assert.Equal("paid", (await client.ReadAnswerAsync()).Body);
    }

    [Fact]
    public async Task An_unprovable_failure_whose_mark_is_lost_still_ends_as_unknown()
    {
        await using var backend = RawBackend.Start((connection, _) =>
        {
            connection.Close();
            return Task.CompletedTask;
        });
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, """{ "Lease": "00:00:01" }""", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        Break(store, "refused", "mark-unknown");
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => answer.Headers.RetryAfter is null);
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_is_neither_replayed_nor_run_again()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, configure: builder =>
            builder.Services.AddSingleton<IIdempotencyStore>(provider => new GarblingStore(provider.GetRequiredService<InMemoryStore>())));
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(503, "store-unavailable");
        Assert.True(gateway.Log.Has("RecordUnreadable"));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_gateway_is_not_ready_before_its_store_has_passed_the_self_test()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s =>
        {
            store = s;
            Break(s, "refused", "begin");
        });
        using var client = new HttpClient();
        using var live = await client.GetAsync(new Uri(gateway.Management, "/health/live"));
        using var ready = await client.GetAsync(new Uri(gateway.Management, "/health/ready"));
        Assert.Equal((200, 503), ((int)live.StatusCode, (int)ready.StatusCode));
        Assert.Contains("store-not-ready", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Mend(store);
        await ReadyAsync(gateway);
    }

    [Theory]
    [InlineData("Reject")]
    [InlineData("Forward")]
    public async Task A_store_that_refuses_writes_and_still_reads_gives_known_answers_and_runs_nothing_again(string storeFailure)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, $$"""{ "StoreFailure": "{{storeFailure}}" }""", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        using var first = await gateway.Client.PostAsync("k");
        store.Before = verb => verb == "find" ? Task.CompletedTask : throw new StoreRefusesWritesException(new IOException("the disk is full"));

        var circuit = gateway.Services.GetRequiredService<StoreCircuit>();
        for (var (i, open) = (0, 0); open < 2; i++, open += circuit.IsOpen ? 1 : 0) // before it opens, and with it open
        {
            Assert.InRange(i, 0, 100);
            using var retry = await gateway.Client.PostAsync("k");
            Assert.Equal(("paid", true, null), (await retry.Content.ReadAsStringAsync(), retry.IsReplay(), retry.Status()));
        }

        using var other = await gateway.Client.PostAsync("k", """{"amount":1}""");
        await other.ShouldBeAsync(422, "key-reused");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_store_that_is_down_is_not_asked_for_known_answers_either()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StartAsync(backend.Address, "{}", s => store = s, ShortTimes);
        await ReadyAsync(gateway);
        var asked = 0;
        store.Before = verb => verb == "find" && Interlocked.Increment(ref asked) > 0 ? Task.CompletedTask : throw new IOException("down");
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.Equal(0, asked);
    }

    private static void Break(FaultyStore store, string fault, string verb)
    {
        var broken = new IOException("the store is broken by the test");
        switch (fault)
        {
            case "refused":
                store.Before = v => v == verb ? throw broken : Task.CompletedTask;
                break;
            case "hung":
                store.Before = v => v == verb ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
                break;
            case "reply lost":
                store.After = v => v == verb ? throw broken : Task.CompletedTask;
                break;
            default:
                throw new ArgumentException(fault);
        }
    }

    private static void Mend(FaultyStore store) => store.Before = store.After = _ => Task.CompletedTask;

    internal static async Task ReadyAsync(TestGateway gateway)
    {
        using var client = new HttpClient();
        using var ready = await Bounded.UntilAsync(() => client.GetAsync(new Uri(gateway.Management, "/health/ready")), answer => answer.IsSuccessStatusCode);
    }

    /// <summary>Flips one bit of each replayed answer.</summary>
    private sealed class GarblingStore(IIdempotencyStore inner) : IIdempotencyStore
    {
        public ValueTask<BeginResult> BeginAsync(BeginRequest request)
        {
            var begun = inner.BeginAsync(request).AsTask().GetAwaiter().GetResult();
            if (begun.Outcome != BeginOutcome.Completed)
            {
                return new(begun);
            }

            var bytes = begun.Answer.ToArray();
            bytes[^1] ^= 1;
            return new(BeginResult.Completed(begun.Fingerprint, begun.CreatedAt, bytes));
        }

        public ValueTask<BeginResult?> FindCompletedAsync(RecordKey key) => inner.FindCompletedAsync(key);

        public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) => inner.RenewAsync(key, claim, lease);

        public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer) => inner.CompleteAsync(key, claim, answer);

        public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) => inner.MarkUnknownAsync(key, claim);

        public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) => inner.ReleaseAsync(key, claim);
    }
}
