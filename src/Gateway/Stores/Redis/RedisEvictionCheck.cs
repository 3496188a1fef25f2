using StackExchange.Redis;

namespace Gateway.Stores.Redis;

/// <summary>
/// A Redis that evicts under memory pressure drops records in silence, and each dropped record is a request that may run
/// again. Read from <c>INFO</c>, which managed services allow where they forbid <c>CONFIG</c>.
/// </summary>
internal sealed class RedisEvictionCheck(IConnectionMultiplexer redis, RedisStoreOptions options) : IStorePrecondition
{
    private const string Field = "maxmemory_policy:";
    private const string Harmless = "noeviction";

    public async Task CheckAsync()
    {
        if (options.AcceptEviction)
        {
            return;
        }

        foreach (var server in redis.GetServers().Where(server => server.IsConnected && !server.IsReplica))
        {
            // Not InfoAsync: the client library counts that among the commands of an administrator.
            var memory = (string?)await server.ExecuteAsync("INFO", "memory") ?? "";
            var policy = memory.Split("\r\n").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal))?[Field.Length..];
            if (policy != Harmless)
            {
                throw new InvalidOperationException(
                    $"Redis at {server.EndPoint} has maxmemory-policy '{policy ?? "unknown"}': under memory pressure it would drop records, and their requests could run twice. " +
                    $"Set it to {Harmless}, or accept that with Idempotency:Stores:Redis:AcceptEviction.");
            }
        }
    }
}
