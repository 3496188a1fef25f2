namespace Gateway.Stores.Redis;

/// <summary>Settings of the Redis store, <c>Idempotency:Stores:Redis</c>.</summary>
internal sealed record RedisStoreOptions
{
    /// <summary>
    /// StackExchange.Redis's configuration string: end points, Sentinel (<c>serviceName</c>), TLS, ACL user and password.
    /// <see href="https://stackexchange.github.io/StackExchange.Redis/Configuration"/>. It may hold a password: never logged.
    /// </summary>
    public required string Configuration { get; init; }

    /// <summary>Before each record's key. Default <c>idem:</c>.</summary>
    public string KeyPrefix { get; init; } = "idem:";

    /// <summary>
    /// Replicas that have to acknowledge each write before it counts (Redis <c>WAIT</c>). 0, the default, waits for none: a
    /// fail-over can then lose a claim that was acknowledged.
    /// </summary>
    public int WaitReplicas { get; init; }

    /// <summary>True: start although Redis may evict records under memory pressure, each of which is a request that may run again.</summary>
    public bool AcceptEviction { get; init; }

    /// <summary>How long one call may take. Default 2 s.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A record prints its members by itself; this one must not.</summary>
    public override string ToString() => nameof(RedisStoreOptions);
}
