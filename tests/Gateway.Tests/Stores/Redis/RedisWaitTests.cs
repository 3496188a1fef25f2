using System.Text.Json.Nodes;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary><c>InProgress: Wait</c> over a real Redis whose announcements do not come, or cannot be made.</summary>
[NeedsRedis]
public sealed class RedisWaitTests : IAsyncLifetime
{
    private const string Wait = """{ "InProgress": "Wait", "WaitTimeout": "00:00:30" }""";

    private readonly TaskCompletionSource _release = new();
    private RedisServer _redis = null!;

    public async Task InitializeAsync()
    {
        if (NeedsRedisAttribute.Missing is null)
        {
            // "deaf" may do everything but publish and subscribe.
            _redis = await RedisServer.StartAsync("--user", "deaf", "on", ">pw", "resetchannels", "+@all", "~*", "--user", "default", "on", "nopass", "allchannels", "+@all", "~*");
        }
    }

    public async Task DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [ServerTheory]
    [InlineData("")]
    [InlineData(",user=deaf,password=pw")] // may neither publish nor subscribe
    [InlineData(",$PUBLISH=,$SUBSCRIBE=")] // and does not even have the commands
    public async Task Who_waits_at_one_gateway_gets_the_others_answer_whether_or_not_it_can_be_announced(string more)
    {
        await using var backend = RawBackend.StartHeld(_release.Task);
        await using var one = await StartAsync(backend, more);
        await using var two = await StartAsync(backend, more);
        var first = one.Client.PostAsync("k");
        await backend.ArrivedAsync();
        var waits = two.Client.PostAsync("k");
        await Bounded.UntilAsync(() => Task.FromResult(two.Services.GetRequiredService<RecordWaiters>().Requests), waiting => waiting == 1);
        _release.SetResult();

        using var answer = await first;
        Assert.Equal((200, null), ((int)answer.StatusCode, answer.Status()));
        Assert.True((await waits).IsReplay());
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task Who_listens_hears_again_after_its_connection_was_killed()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_redis.Configuration);
        await using var other = await ConnectionMultiplexer.ConnectAsync($"{_redis.Configuration},allowAdmin=true");
        var watch = new RedisStore(redis, new RedisStoreOptions { Configuration = _redis.Configuration }, TimeProvider.System);
        var teller = new RedisStore(other, new RedisStoreOptions { Configuration = _redis.Configuration }, TimeProvider.System);
        var heard = new TaskCompletionSource<RecordKey>();
        watch.Announced += key => heard.TrySetResult(key);
        await watch.ListenAsync();
        await other.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "pubsub");

        await Bounded.UntilAsync(
            () =>
            {
                teller.Announce(new RecordKey(7)); // what is told before it listens again is lost
                return Task.FromResult(heard.Task.IsCompleted);
            },
            isHeard => isHeard);
        Assert.Equal(new RecordKey(7), await heard.Task);
    }

    private Task<TestGateway> StartAsync(RawBackend backend, string more) => StartReadyAsync(Routes.File(backend.Address, Wait, store: "Redis", idempotency: new JsonObject
    {
        ["Stores"] = new JsonObject { ["Redis"] = new JsonObject { ["Configuration"] = _redis.Configuration + more } },
    }.ToJsonString()));

    private static async Task<TestGateway> StartReadyAsync(JsonObject routes)
    {
        var gateway = await TestGateway.StartAsync(routes);
        await EndToEnd.StoreTests.ReadyAsync(gateway);
        return gateway;
    }
}
