using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>MaxLiveKeysPerActor</c> and <c>MaxLiveBytesPerActor</c>.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private readonly RawBackend _backend = RawBackend.Start((connection, request) => connection.AnswerAsync(
        request.Header("X-Size") is { } size ? new string('x', int.Parse(size, System.Globalization.CultureInfo.InvariantCulture)) : "ran", request.Header("X-Busy") is null ? "200 OK" : "503 Service Unavailable"));

    private TestGateway? _gateway;

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task Who_holds_as_many_keys_as_may_be_hears_429_and_known_keys_go_on_working(string store)
    {
        await StartAsync("""{ "Actor": [ "Header:Authorization" ], "MaxLiveKeysPerActor": 2 }""", store);
        using var one = await SendAsync("1");
        using var two = await SendAsync("2");
        using var refused = await SendAsync("3");
        using var retry = await SendAsync("1");
        using var another = await SendAsync("3", who: "another");

        await refused.ShouldBeAsync(429, "quota-exceeded");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
        Assert.True(retry.IsReplay());
        Assert.Equal((200, 200, 200), ((int)one.StatusCode, (int)two.StatusCode, (int)another.StatusCode));
        Assert.Equal(3, _backend.Requests.Count);
    }

    [Fact]
    public async Task A_key_that_was_released_leaves_room()
    {
        await StartAsync("""{ "MaxLiveKeysPerActor": 1 }""");
        using var busy = await SendAsync("1", busy: true);
        using var next = await SendAsync("2");
        Assert.Equal((503, 200), ((int)busy.StatusCode, (int)next.StatusCode));
    }

    [Fact]
    public async Task When_the_oldest_is_forgotten_there_is_room_again()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxLiveKeysPerActor": 1, "Retention": "01:00:00" }""", configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        using var one = await SendAsync("1");
        using var refused = await SendAsync("2");
        await refused.ShouldBeAsync(429, "quota-exceeded");
        clock.Advance(refused.Headers.RetryAfter!.Delta!.Value);
        using var later = await SendAsync("2");
        Assert.Equal(200, (int)later.StatusCode);
    }

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task An_answer_that_takes_a_caller_past_its_bytes_is_kept_and_the_next_new_key_is_refused(string store)
    {
        await StartAsync("""{ "MaxLiveBytesPerActor": 10000 }""", store);
        using var large = await SendAsync("1", size: 20_000);
        using var refused = await SendAsync("2");
        using var retry = await SendAsync("1", size: 20_000);
        await refused.ShouldBeAsync(429, "quota-exceeded");
        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task A_store_that_cannot_count_lets_everybody_in_and_says_so()
    {
        _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxLiveKeysPerActor": 1 }""", configure: builder => builder.Services.AddSingleton<IActorQuota>(new Broken()));
        using var one = await SendAsync("1");
        using var two = await SendAsync("2");
        Assert.Equal((200, 200), ((int)one.StatusCode, (int)two.StatusCode));
        Assert.Single(_gateway.Log.Entries, entry => entry.Event == "QuotaFailed");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _backend.DisposeAsync();
    }

    private async Task StartAsync(string policy, string store = "Memory", string idempotency = "{}") => _gateway = await TestGateway.StartAsync(_backend.Address, policy, store: store, idempotency: idempotency);

    private Task<HttpResponseMessage> SendAsync(string key, string who = "me", int? size = null, bool busy = false)
    {
        var request = Requests.Post(key);
        request.Headers.TryAddWithoutValidation("Authorization", who);
        if (size is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Size", $"{size}");
        }

        if (busy)
        {
            request.Headers.TryAddWithoutValidation("X-Busy", "1");
        }

        return _gateway!.Client.SendAsync(request).WithinLimit();
    }

    private sealed class Broken : IActorQuota
    {
        public ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key) => throw new IOException("no");
    }
}
