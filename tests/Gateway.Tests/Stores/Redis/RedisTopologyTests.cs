using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Project;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary>The ways in which people run Redis, each with a gateway that is told of it by the configuration string alone.</summary>
[NeedsRedis]
public sealed class RedisTopologyTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly List<RedisServer> _servers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [ServerFact]
    public async Task A_Cluster_keeps_each_record_on_its_own_shard()
    {
        var nodes = await ClusterAsync();

        await ServesAsync(nodes[0].Configuration, keys: 30);

        foreach (var node in nodes)
        {
            Assert.NotEqual("0", await SendAsync(node, "DBSIZE"));
        }
    }

    [ServerFact]
    public async Task A_walk_through_a_Cluster_meets_the_records_of_every_shard()
    {
        var nodes = await ClusterAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(nodes[0].Configuration);
        var store = new RedisStore(redis, new RedisStoreOptions { Configuration = nodes[0].Configuration }, TimeProvider.System);
        var keys = Enumerable.Range(0, 60).Select(i => new RecordKey(ClaimToken.New().Value)).ToHashSet();
        foreach (var key in keys)
        {
            await store.BeginAsync(RedisRecordTests.Request with { Key = key });
        }

        var (met, after, places) = (new HashSet<RecordKey>(), default(string), new List<string>());
        do
        {
            var step = await store.ScanAsync(RecordWalk.Open, after, limit: 5);
            met.UnionWith(step.Records.Select(record => record.Key));
            after = step.Next;
            places.Add($"{after}");
        }
        while (after is not null);

        Assert.Equal(keys.Order(ByValue), met.Order(ByValue));
        Assert.All(nodes, node => Assert.NotEqual("0", SendAsync(node, "DBSIZE").GetAwaiter().GetResult()));
        Assert.Equal(60, await store.CountAsync());
        foreach (var key in keys)
        {
            Assert.Equal([key], await store.FindAsync((ulong)(key.Value >> 64)));
        }

        // A part that another server has by now is looked through from its start; the others follow as ever.
        Assert.Contains(places, place => place.StartsWith("Open:5462:", StringComparison.Ordinal));
        var rest = new HashSet<RecordKey>();
        after = "Open:5462:99:127.0.0.1:1";
        do
        {
            var step = await store.ScanAsync(RecordWalk.Open, after, limit: 5);
            rest.UnionWith(step.Records.Select(record => record.Key));
            after = step.Next;
        }
        while (after is not null);
        Assert.Equal(keys.Where(key => redis.HashSlot($"idem:{key.Value:x32}") >= 5462).Order(ByValue), rest.Order(ByValue));
    }

    private static Comparer<RecordKey> ByValue { get; } = Comparer<RecordKey>.Create((left, right) => left.Value.CompareTo(right.Value));

    /// <summary>Three shards without replicas, at 0, 5462 and 10924.</summary>
    private async Task<List<RedisServer>> ClusterAsync()
    {
        var nodes = new List<RedisServer>();
        for (var i = 0; i < 3; i++)
        {
            nodes.Add(await ServerAsync("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"));
        }

        for (var i = 0; i < 3; i++)
        {
            await SendAsync(nodes[i], "CLUSTER", "ADDSLOTSRANGE", (i * 5462).ToString(CultureInfo.InvariantCulture), Math.Min(((i + 1) * 5462) - 1, 16383).ToString(CultureInfo.InvariantCulture));
            await SendAsync(nodes[i], "CLUSTER", "MEET", "127.0.0.1", nodes[0].Port.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var node in nodes)
        {
            await Bounded.UntilAsync(() => SendAsync(node, "CLUSTER", "INFO"), info => info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:3", StringComparison.Ordinal));
        }

        return nodes;
    }

    [ServerFact]
    public async Task Sentinel_names_the_primary_and_after_its_fail_over_the_gateway_goes_on_with_what_was_replicated()
    {
        var primary = await ServerAsync();
        var replica = await ServerAsync("--replicaof", $"127.0.0.1 {primary.Port}");
        var sentinel = await ServerAsync(
            "--sentinel", $"sentinel monitor main 127.0.0.1 {primary.Port} 1", "sentinel down-after-milliseconds main 500", "sentinel failover-timeout main 2000");
        await Bounded.UntilAsync(() => SendAsync(replica, "INFO", "replication"), info => info.Contains("master_link_status:up", StringComparison.Ordinal));
        await Bounded.UntilAsync(() => SendAsync(sentinel, "SENTINEL", "REPLICAS", "main"), replicas => replicas.StartsWith('1'));

        // One replica, and each step waits for it: what was acknowledged outlives the primary.
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await StartAsync(backend, $"{sentinel.Configuration},serviceName=main", waitReplicas: 1);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", null), (await first.Content.ReadAsStringAsync(), first.Status()));
        await gateway.KillAsync();

        await primary.KillAsync();
        await using var restarted = await StartAsync(backend, $"{sentinel.Configuration},serviceName=main");
        using var retry = await Bounded.UntilAsync(() => restarted.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task A_fail_over_in_mid_flight_is_survived_without_a_restart()
    {
        var primary = await ServerAsync();
        var replica = await ServerAsync("--replicaof", $"127.0.0.1 {primary.Port}");
        await Bounded.UntilAsync(() => SendAsync(replica, "INFO", "replication"), info => info.Contains("master_link_status:up", StringComparison.Ordinal));
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await StartAsync(backend, $"{primary.Configuration},{replica.Configuration}", waitReplicas: 0);
        using var first = await gateway.Client.PostAsync("k");
        await Bounded.UntilAsync(() => SendAsync(replica, "DBSIZE"), size => size != "0");

        await primary.KillAsync();
        await SendAsync(replica, "REPLICAOF", "NO", "ONE");

        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.True(retry.IsReplay());
        using var next = await Bounded.UntilAsync(() => gateway.Client.PostAsync("next"), answer => (int)answer.StatusCode == 200);
        Assert.Equal(2, backend.Requests.Count);
    }

    [ServerFact]
    public async Task WAIT_is_content_with_the_replica_that_it_asks_for()
    {
        var primary = await ServerAsync();
        var replica = await ServerAsync("--replicaof", $"127.0.0.1 {primary.Port}");
        await Bounded.UntilAsync(() => SendAsync(replica, "INFO", "replication"), info => info.Contains("master_link_status:up", StringComparison.Ordinal));
        await ServesAsync(primary.Configuration, keys: 3, waitReplicas: 1);
        Assert.NotEqual("0", await SendAsync(replica, "DBSIZE"));
    }

    [ServerFact]
    public async Task TLS_with_a_private_authority_named_in_the_environment()
    {
        var (authority, certificate, key) = Certificates();
        var server = await ServerAsync("--port", "0", "--tls-port", "{port}", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority, "--tls-auth-clients", "no");
        await ServesAsync($"localhost:{server.Port},ssl=true", keys: 3, environment: [new("SERedis_IssuerCertPath", authority)]);
    }

    [ServerFact]
    public async Task A_user_with_the_rights_that_the_README_names_and_a_password_from_the_environment()
    {
        var rights = Repository.Rows("README.md", "redis-rights").Single()[0];
        var server = await ServerAsync(["--user", "gateway", "on", ">planted-secret", .. rights.Split(' '), "--user", "default", "off"]);
        var output = await ServesAsync(
            "nowhere:1", keys: 3, waitReplicas: 0,
            environment: [new("Idempotency__Stores__Redis__Configuration", $"{server.Configuration},user=gateway,password=planted-secret")]);
        Assert.DoesNotContain("planted-secret", output, StringComparison.Ordinal);

        // An operator's looks and verbs need none beside.
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{server.Configuration},user=gateway,password=planted-secret");
        var store = new RedisStore(redis, new RedisStoreOptions { Configuration = server.Configuration }, TimeProvider.System);
        Assert.Equal(3, (await store.ScanAsync(RecordWalk.All, after: null, limit: 1000)).Records.Count(record => record.Label.Key is "k0" or "k1" or "k2"));
        foreach (var answer in (ReadOnlyMemory<byte>?[])[new byte[2], null])
        {
            var request = RedisRecordTests.Request with { Key = new RecordKey(UInt128.MaxValue) };
            Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(request)).Outcome);
            Assert.True(await store.MarkUnknownAsync(request.Key, request.Claim));
            Assert.Equal([request.Key], await store.FindAsync(ulong.MaxValue));
            Assert.True(await store.ResolveAsync(request.Key, request.Claim, answer));
            Assert.Equal(answer is not null, await store.ReadAsync(request.Key) is { } read && await store.DeleteAsync(request.Key, read.Claim));
        }

        Assert.InRange(await store.CountAsync(), 3, 10); // the self-test's are among them
    }

    /// <summary>Runs keys once and replays them. Gives all that the gateway has said.</summary>
    private async Task<string> ServesAsync(string configuration, int keys, int waitReplicas = 0, params KeyValuePair<string, string>[] environment)
    {
        await using var backend = RawBackend.Start((connection, request) => connection.AnswerAsync($"for {request.Header("Idempotency-Key")}"));
        await using var gateway = await StartAsync(backend, configuration, waitReplicas, environment);
        for (var i = 0; i < keys; i++)
        {
            using var first = await gateway.Client.PostAsync($"k{i}");
            Assert.Equal((200, null), ((int)first.StatusCode, first.Status()));
            using var retry = await gateway.Client.PostAsync($"k{i}");
            Assert.Equal(($"for k{i}", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        }

        Assert.Equal(keys, backend.Requests.Count);
        return gateway.Output;
    }

    private Task<GatewayProcess> StartAsync(RawBackend backend, string configuration, int waitReplicas = 0, params KeyValuePair<string, string>[] environment)
    {
        var redis = new JsonObject { ["Configuration"] = configuration, ["WaitReplicas"] = waitReplicas };
        var idempotency = new JsonObject { ["Stores"] = new JsonObject { ["Redis"] = redis } };
        return GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, store: "Redis", idempotency: idempotency.ToJsonString())), environment);
    }

    private async Task<RedisServer> ServerAsync(params string[] settings)
    {
        var server = await RedisServer.StartAsync(settings);
        _servers.Add(server);
        return server;
    }

    private static async Task<string> SendAsync(RedisServer server, string command, params object[] arguments)
    {
        var options = ConfigurationOptions.Parse($"{server.Configuration},allowAdmin=true,tiebreaker=,configChannel=");
        options.CommandMap = command == "SENTINEL" ? CommandMap.Sentinel : CommandMap.Default;
        await using var redis = await ConnectionMultiplexer.ConnectAsync(options);
        return (await redis.GetServers()[0].ExecuteAsync(command, arguments)).ToString();
    }

    /// <summary>An authority and a certificate of it for localhost, as files.</summary>
    private (string Authority, string Certificate, string Key) Certificates()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        server.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = server.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), [1, 2, 3, 4]);

        return (Write("ca.pem", authority.ExportCertificatePem()), Write("cert.pem", certificate.ExportCertificatePem()), Write("key.pem", key.ExportPkcs8PrivateKeyPem()));

        string Write(string name, string text)
        {
            var path = Path.Combine(_folder.FullName, name);
            File.WriteAllText(path, text);
            return path;
        }
    }
}
