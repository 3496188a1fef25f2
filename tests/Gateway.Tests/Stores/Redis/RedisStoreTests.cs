using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary>One redis-server for all cases: starting one for each would take longer than they do.</summary>
public sealed class RedisServerFixture : IAsyncLifetime
{
    internal RedisServer Server { get; private set; } = null!;

    internal ConnectionMultiplexer Redis { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (NeedsRedisAttribute.Missing is not null)
        {
            return;
        }

        Server = await RedisServer.StartAsync();
        Redis = await ConnectionMultiplexer.ConnectAsync(Server.Configuration);
    }

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Redis.DisposeAsync();
            await Server.DisposeAsync();
        }
    }
}

[NeedsRedis]
public sealed class RedisStoreTests(RedisServerFixture fixture) : StoreContract, IClassFixture<RedisServerFixture>
{
    private RedisActorQuota? _quota;

    protected override IActorQuota Quota => _quota!;

    protected override TimeSpan ShortLease => TimeSpan.FromMilliseconds(400);

    protected override TimeSpan ShortRetention => TimeSpan.FromMilliseconds(600);

    protected override bool WalksExactly => false;

    // Redis tells what is left of a time, and the machine's clock when that ends.
    protected override TimeSpan ClockDifference => TimeSpan.FromSeconds(5);

    protected override Task<(IIdempotencyStore Store, IStoreInspector Inspector)> OpenAsync()
    {
        // A prefix of its own for each case: the store is empty.
        var options = new RedisStoreOptions { Configuration = fixture.Server.Configuration, KeyPrefix = $"{Guid.NewGuid():N}:" };
        var store = new RedisStore(fixture.Redis, options, TimeProvider.System);
        _quota = new RedisActorQuota(fixture.Redis, options);
        return Task.FromResult<(IIdempotencyStore, IStoreInspector)>((store, store));
    }

    protected override Task CloseAsync() => Task.CompletedTask;

    // The server's own clock: it has to pass.
    protected override Task ElapseAsync(TimeSpan time) => Task.Delay(time + TimeSpan.FromMilliseconds(5));
}
