using StackExchange.Redis;

namespace Gateway.Stores.Redis;

internal static class RedisStoreRegistration
{
    public static IServiceCollection AddRedisStore(this IServiceCollection services, RedisStoreOptions options)
    {
        services.AddSingleton<IConnectionMultiplexer>(_ => Connect(options));
        services.AddSingleton(provider => new RedisStore(provider.GetRequiredService<IConnectionMultiplexer>(), options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<RedisStore>());
        services.AddSingleton<IStoreInspector>(provider => provider.GetRequiredService<RedisStore>());
        services.AddSingleton<IRecordWatch>(provider => provider.GetRequiredService<RedisStore>());
        services.AddSingleton<IActorQuota>(provider => new RedisActorQuota(provider.GetRequiredService<IConnectionMultiplexer>(), options));
        services.AddSingleton<IStorePrecondition>(provider => new RedisEvictionCheck(provider.GetRequiredService<IConnectionMultiplexer>(), options));
        return services;
    }

    /// <summary>The end points, for people. Not <see cref="ConfigurationOptions.ToString()"/>: that prints the password.</summary>
    public static string Describe(RedisStoreOptions options) =>
        $"Redis, {string.Join(", ", Parse(options).EndPoints.Select(endPoint => endPoint.ToString()!.Replace("Unspecified/", "", StringComparison.Ordinal)))}";

    /// <summary>The records, whatever the hosts are called that keep them now.</summary>
    public static string NameRecords(RedisStoreOptions options) => $"Redis, database {Parse(options).DefaultDatabase ?? 0}, keys {options.KeyPrefix}*";

    private static ConnectionMultiplexer Connect(RedisStoreOptions options) => ConnectionMultiplexer.Connect(Settings(options));

    /// <summary>What the user has written, and what the gateway needs beside it.</summary>
    internal static ConfigurationOptions Settings(RedisStoreOptions options)
    {
        var configuration = Parse(options);

        // A Redis that is down at start makes the gateway not ready, and is connected to when it comes.
        configuration.AbortOnConnectFail = false;
        configuration.ClientName ??= "idempotency-gateway";
        configuration.AllowAdmin = true; // INFO counts as an administrator's command here; nothing else of that kind is sent

        // A call that waits in a queue for a lost connection must fail within its time, too.
        configuration.AsyncTimeout = (int)options.OperationTimeout.TotalMilliseconds;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new LinearRetry(1000);

        // Without Sentinel nobody tells of a replica that was promoted: the roles are asked for, by default once a minute.
        if (!options.Configuration.Contains("configCheckSeconds", StringComparison.OrdinalIgnoreCase))
        {
            configuration.ConfigCheckSeconds = 5;
        }

        configuration.Tunnel ??= new CoalescingTunnel();
        return configuration;
    }

    private static ConfigurationOptions Parse(RedisStoreOptions options)
    {
        try
        {
            var parsed = ConfigurationOptions.Parse(options.Configuration, ignoreUnknown: false);
            return parsed.EndPoints.Count > 0 ? parsed : throw new ArgumentException("it names no end point");
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Neither the text nor the parser's message is repeated: they may hold the password.
            throw new StoreConfigurationException(
                "Idempotency:Stores:Redis:Configuration", "is not a StackExchange.Redis configuration string.", "Write it as in redis1:6379,redis2:6379,user=gateway,password=…,ssl=true.");
        }
    }
}
