using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.Redis;

[NeedsRedis]
public sealed class RedisFaultTests(RedisServerFixture fixture) : StoreFaultTests, IClassFixture<RedisServerFixture>
{
    // A prefix of its own for each row: they all use the same key.
    private readonly string _prefix = $"{Guid.NewGuid():N}:";

    protected override string Store => "Redis";

    protected override TimeSpan OperationTimeout => TimeSpan.FromSeconds(2);

    protected override string SectionFor(int port) => $$"""{ "Configuration": "127.0.0.1:{{port}}", "KeyPrefix": "{{_prefix}}" }""";

    private protected override FaultyLink Link() => FaultyLink.To("127.0.0.1", fixture.Server.Port);
}
