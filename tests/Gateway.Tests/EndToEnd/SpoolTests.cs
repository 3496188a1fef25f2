using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>A retry of a request whose answer waits in the spool's file.</summary>
public sealed class SpoolTests
{
    private const string ShortTimes = """{ "Stores": { "OperationTimeout": "00:00:00.2", "CompletionTimeout": "00:00:00.5" } }""";

    [Theory]
    [InlineData("Reject")]
    [InlineData("Forward")]
    public async Task While_the_file_cannot_be_read_either_a_retry_is_refused_and_nothing_runs_again(string storeFailure)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var file = new FaultySpool();
        FaultyStore store = null!;
        await using var gateway = await TestGateway.StartAsync(
            backend.Address, $$"""{ "StoreFailure": "{{storeFailure}}" }""", idempotency: ShortTimes, configure: builder => builder.Services
                .AddSingleton<IAnswerSpool>(file)
                .AddSingleton<IIdempotencyStore>(provider => store = new FaultyStore(provider.GetRequiredService<InMemoryStore>())));
        await StoreTests.ReadyAsync(gateway);
        store.Before = verb => verb == "complete" ? throw new IOException("the store is down") : Task.CompletedTask;
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());

        store.Before = _ => throw new IOException("the store is down");
        file.Before = _ => throw new IOException("the disk is broken");
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);

        file.Before = _ => Task.CompletedTask;
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task With_the_store_empty_after_its_fail_over_and_the_file_unreadable_a_retry_is_refused()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var file = new FaultySpool();
        FaultyStore store = null!;
        await using var gateway = await TestGateway.StartAsync(backend.Address, idempotency: ShortTimes, configure: builder => builder.Services
            .AddSingleton<IAnswerSpool>(file)
            .AddSingleton<IIdempotencyStore>(provider => store = new FaultyStore(provider.GetRequiredService<InMemoryStore>())));
        await StoreTests.ReadyAsync(gateway);
        store.Before = verb => verb == "complete" ? throw new IOException("the store fails over") : Task.CompletedTask;
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());

        store.Inner = new InMemoryStore(TimeProvider.System);
        file.Before = _ => throw new IOException("the disk is broken");
        using var refused = await gateway.Client.PostAsync("k");

        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Under_Retry_a_retry_gets_the_answer_that_waits_instead_of_taking_the_record_over()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(backend.Address, """{ "OutcomeUnknown": "Retry" }""", s => store = s, ShortTimes);
        await StoreTests.ReadyAsync(gateway);
        store.Before = verb => verb == "complete" ? throw new IOException("the store is down") : Task.CompletedTask;
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());
        store.Inner = new InMemoryStore(TimeProvider.System); // any claim would be given

        using var retry = await gateway.Client.PostAsync("k");

        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("Reject")]
    [InlineData("Forward")]
    public async Task Before_the_file_has_been_read_to_its_end_nothing_runs_as_it_may_have_run(string storeFailure)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var file = new FaultySpool { Before = _ => throw new IOException("the disk is not there yet") };
        await using var gateway = await TestGateway.StartAsync(
            backend.Address, $$"""{ "StoreFailure": "{{storeFailure}}" }""", configure: builder => builder.Services.AddSingleton<IAnswerSpool>(file));
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        using var probe = new HttpClient();
        using var ready = await probe.GetAsync(new Uri(gateway.Management, "/health/ready"));
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.Empty(backend.Requests);

        file.Before = _ => Task.CompletedTask;
        await StoreTests.ReadyAsync(gateway);
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_record_that_the_store_loses_while_its_request_runs_is_made_anew_with_its_answer()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(backend.Address, "{}", s => store = s);
        await StoreTests.ReadyAsync(gateway);
        var running = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        store.Inner = new InMemoryStore(TimeProvider.System); // a fail-over to what has never heard of it
        release.SetResult();

        using var first = await running;
        Assert.Equal(("paid", null), (await first.Content.ReadAsStringAsync(), first.Status()));
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_record_that_the_store_loses_while_its_request_runs_is_claimed_again_by_the_next_renewal()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(backend.Address, """{ "Lease": "00:00:01" }""", s => store = s);
        await StoreTests.ReadyAsync(gateway);
        var running = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        store.Inner = new InMemoryStore(TimeProvider.System);
        await Bounded.UntilAsync(() => Task.FromResult(gateway.Log.Has("ClaimedAgain")), again => again);

        using var meanwhile = await gateway.Client.PostAsync("k");
        await meanwhile.ShouldBeAsync(409, "in-progress");
        release.SetResult();
        using var first = await running;
        Assert.Equal(("paid", null), (await first.Content.ReadAsStringAsync(), first.Status()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_record_that_the_store_loses_before_its_outcome_is_unknown_is_unknown_all_the_same()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            await release.Task;
            connection.Close();
        });
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(backend.Address, "{}", s => store = s);
        await StoreTests.ReadyAsync(gateway);
        var running = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        store.Inner = new InMemoryStore(TimeProvider.System);
        release.SetResult();
        using var first = await running;
        await first.ShouldBeAsync(502, "outcome-unknown");

        using var retry = await gateway.Client.PostAsync("k");

        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_retry_after_the_store_has_lost_the_record_gets_the_answer_that_waits_and_nothing_runs_again()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        InMemoryStore inner = null!;
        await using var gateway = await TestGateway.StartAsync(backend.Address, idempotency: ShortTimes, configure: builder => builder.Services
            .AddSingleton<IIdempotencyStore>(provider => store = new FaultyStore(inner = new InMemoryStore(provider.GetRequiredService<TimeProvider>()))));
        await StoreTests.ReadyAsync(gateway);
        store.Before = verb => verb is "complete" ? throw new IOException("the store fails over") : Task.CompletedTask;
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());

        store.Inner = new InMemoryStore(TimeProvider.System); // what takes over is empty
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));

        // And with the store back, every gateway has it again.
        store.Before = _ => Task.CompletedTask;
        using var replay = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => answer.Status() is null);
        Assert.Equal(("paid", true), (await replay.Content.ReadAsStringAsync(), replay.IsReplay()));
        Assert.Single(backend.Requests);
    }
}
