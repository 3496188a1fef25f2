using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Stores.Model;
using Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary>Two gateways, each with connections of its own. Time passes by taking it off the keys' time to live.</summary>
[NeedsRedis]
public sealed class RedisModelTests(RedisServerFixture fixture) : StoreModelContract, IClassFixture<RedisServerFixture>
{
    private const string Pass = """
        for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
            local left = redis.call('PTTL', key) - ARGV[2]
            if left > 0 then
                redis.call('PEXPIRE', key, left)
            else
                redis.call('DEL', key)
            end
        end
        """;

    private const string Lasting = """
        local lasting = {}
        for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
            if redis.call('PTTL', key) < 0 then
                table.insert(lasting, key)
            end
        end
        return lasting
        """;

    // Redis is told when a key was first seen; all other times are its own.
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private ConnectionMultiplexer _other = null!;
    private string _prefix = "";
    private IReadOnlyList<(IIdempotencyStore, IStoreInspector)> _gateways = [];

    protected override IReadOnlyList<(IIdempotencyStore Store, IStoreInspector Inspector)> Gateways => _gateways;

    protected override TimeSpan Unit => TimeSpan.FromHours(1);

    protected override bool ForgetsByItself => true;

    public override async Task InitializeAsync() => _other = await ConnectionMultiplexer.ConnectAsync(fixture.Server.Configuration);

    public override async Task DisposeAsync() => await _other.DisposeAsync();

    protected override Task EmptyAsync()
    {
        _prefix = $"{Guid.NewGuid():N}:";
        _gateways = [.. new[] { fixture.Redis, _other }.Select(redis => new RedisStore(redis, new RedisStoreOptions { Configuration = fixture.Server.Configuration, KeyPrefix = _prefix }, _clock)).Select(store => (store, store))];
        Epoch = _clock.GetUtcNow();
        return Task.CompletedTask;
    }

    protected override async Task JumpAsync(TimeSpan time)
    {
        _clock.Advance(time);
        await fixture.Redis.GetDatabase().ScriptEvaluateAsync(Pass, values: [_prefix, (long)time.TotalMilliseconds]);
    }

    protected override async Task<string?> FindLeftoversAsync()
    {
        var lasting = (RedisKey[])(await fixture.Redis.GetDatabase().ScriptEvaluateAsync(Lasting, values: [_prefix]))!;
        return lasting.Length == 0 ? null : $"{lasting.Length} keys that never expire";
    }
}
