using System.Text.Json.Nodes;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>Requests that wait for another one while something fails: what was answered is their answer, and who is still there is told.</summary>
public sealed class WaitFaultTests : IAsyncLifetime
{
    private const string ShortCompletion = """{ "Stores": { "CompletionTimeout": "00:00:00.2" } }""";

    private readonly TaskCompletionSource _release = new();
    private readonly RawBackend _backend;
    private TestGateway _gateway = null!;
    private FaultyStore _store = null!;

    public WaitFaultTests() => _backend = RawBackend.StartHeld(_release.Task);

    [Fact]
    public async Task With_the_store_gone_those_who_wait_get_the_answer_that_the_first_one_got()
    {
        await StartAsync(Routes.File(_backend.Address, """{ "InProgress": "Wait", "WaitTimeout": "00:00:30" }""", idempotency: ShortCompletion));
        var (first, waits) = await FirstAndWaitingAsync();
        _store.Before = _ => throw new IOException("the store is down");
        _release.SetResult();

        using var answer = await waits;
        Assert.Equal((200, true, "not-stored"), ((int)answer.StatusCode, answer.IsReplay(), answer.Status()));
        Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
        using var given = await first;
        Assert.Single(_backend.Requests);
    }

    [Theory]
    [InlineData("Hold")]
    [InlineData("Retry")]
    public async Task An_answer_that_waits_in_the_spool_goes_before_what_the_store_says_of_its_lapsed_record(string behaviour)
    {
        await StartAsync(Routes.File(
            _backend.Address, $$"""{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "Lease": "00:00:01", "OutcomeUnknown": "{{behaviour}}" }""", idempotency: ShortCompletion));
        var (first, waits) = await FirstAndWaitingAsync();
        _store.Before = verb => verb is "renew" or "complete" ? throw new IOException("the store takes no writes of this kind") : Task.CompletedTask;
        var inspector = _gateway.Services.GetRequiredService<IStoreInspector>();
        await Bounded.UntilAsync(async () => (await inspector.ScanAsync(RecordWalk.Open, after: null, limit: 10)).Records, records => records.Any(record => record.State == RecordState.Unknown));
        _release.SetResult();

        using var answer = await waits;
        Assert.Equal((200, true, "not-stored"), ((int)answer.StatusCode, answer.IsReplay(), answer.Status()));
        using var given = await first;
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task With_a_store_that_takes_no_writes_any_more_those_who_wait_get_the_answer_that_it_has()
    {
        await StartAsync(Routes.File(_backend.Address, """{ "InProgress": "Wait", "WaitTimeout": "00:00:30" }"""));
        var (first, waits) = await FirstAndWaitingAsync();
        _store.Before = verb => verb == "begin" ? throw new StoreRefusesWritesException(new IOException("the disk is full")) : Task.CompletedTask;
        _release.SetResult();

        using var answer = await waits;
        Assert.Equal((200, true, "paid"), ((int)answer.StatusCode, answer.IsReplay(), await answer.Content.ReadAsStringAsync()));
        using var given = await first;
    }

    [Fact]
    public async Task A_routes_own_timeout_ends_the_wait_with_an_answer_and_not_with_a_broken_connection()
    {
        var file = Routes.File(_backend.Address, """{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "Operation": "pay" }""");
        var hurried = file["ReverseProxy"]!["Routes"]!["pay"]!.DeepClone();
        hurried["Match"]!["Headers"] = new JsonArray(new JsonObject { ["Name"] = "X-Hurried", ["Mode"] = "Exists" });
        hurried["Timeout"] = "00:00:00.3";
        file["ReverseProxy"]!["Routes"]!["hurried"] = hurried;
        await StartAsync(file);
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();

        using var request = Requests.Post("k");
        request.Headers.Add("X-Hurried", "1");
        using var waited = await _gateway.Client.SendAsync(request).WithinLimit();

        await waited.ShouldBeAsync(409, "in-progress");
        Assert.NotNull(waited.Headers.RetryAfter);
        _release.SetResult();
        using var answer = await first;
        Assert.Equal(200, (int)answer.StatusCode);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private async Task StartAsync(JsonObject routes)
    {
        _gateway = await TestGateway.StartAsync(routes, configure: builder => builder.Services.AddSingleton<IIdempotencyStore>(
            provider => _store = new FaultyStore(provider.GetRequiredService<InMemoryStore>())));
        await StoreTests.ReadyAsync(_gateway);
    }

    private async Task<(Task<HttpResponseMessage> First, Task<HttpResponseMessage> Waits)> FirstAndWaitingAsync()
    {
        // Past the looks that a wait begins with: nothing but the end of the first one makes it ask again.
        var begins = 0;
        _store.After = verb => verb == "begin" ? Task.FromResult(Interlocked.Increment(ref begins)) : Task.CompletedTask;
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        var waits = _gateway.Client.PostAsync("k");
        await Bounded.UntilAsync(() => Task.FromResult(Volatile.Read(ref begins)), count => count == 3);
        Assert.Equal(1, _gateway.Services.GetRequiredService<RecordWaiters>().Requests);
        return (first, waits);
    }
}
