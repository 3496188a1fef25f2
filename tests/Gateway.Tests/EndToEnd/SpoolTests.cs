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
