using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.Redis;

/// <summary>Quotas of gateways on a real Redis.</summary>
[NeedsRedis]
public sealed class RedisQuotaTests
{
    [ServerFact]
    public async Task Two_gateways_count_together_and_a_released_key_leaves_room()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var backend = RawBackend.Start((connection, request) => connection.AnswerAsync("ran", request.Header("X-Busy") is null ? "200 OK" : "503 Service Unavailable"));
        var idempotency = $$"""{ "Stores": { "Redis": { "Configuration": "{{redis.Configuration}}" } } }""";
        await using var one = await TestGateway.StartAsync(backend.Address, """{ "Actor": [ "Header:Authorization" ], "MaxLiveKeysPerActor": 2 }""", store: "Redis", idempotency: idempotency);
        await using var two = await TestGateway.StartAsync(backend.Address, """{ "Actor": [ "Header:Authorization" ], "MaxLiveKeysPerActor": 2 }""", store: "Redis", idempotency: idempotency);
        await StoreTests.ReadyAsync(one);
        await StoreTests.ReadyAsync(two);

        using var released = await SendAsync(one, "0", isBusy: true);
        using var first = await SendAsync(one, "1");
        using var second = await SendAsync(two, "2");
        Assert.Equal((503, 200, 200), ((int)released.StatusCode, (int)first.StatusCode, (int)second.StatusCode));
        using var refused = await SendAsync(one, "3");
        await refused.ShouldBeAsync(429, "quota-exceeded");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(25));
        using var retry = await SendAsync(two, "1");
        Assert.True(retry.IsReplay());
        using var another = await SendAsync(two, "3", who: "another");
        Assert.Equal(200, (int)another.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(TestGateway gateway, string key, string who = "me", bool isBusy = false)
    {
        var request = Requests.Post(key);
        request.Headers.TryAddWithoutValidation("Authorization", who);
        if (isBusy)
        {
            request.Headers.TryAddWithoutValidation("X-Busy", "1");
        }

        return await gateway.Client.SendAsync(request).WithinLimit();
    }
}
