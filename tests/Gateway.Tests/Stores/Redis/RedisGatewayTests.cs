using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.Redis;

/// <summary>Gateways, each a process of its own, on one real Redis.</summary>
[NeedsRedis]
public sealed class RedisGatewayTests : SharedStoreStories
{
    private RedisServer _redis = null!;

    protected override (string Store, JsonObject Idempotency) StoreConfiguration =>
        ("Redis", new JsonObject { ["Stores"] = new JsonObject { ["Redis"] = new JsonObject { ["Configuration"] = _redis.Configuration } } });

    public override async Task InitializeAsync()
    {
        if (NeedsRedisAttribute.Missing is null)
        {
            _redis = await RedisServer.StartAsync("--appendfsync", "always"); // what was acknowledged is there after a kill, without a wait
        }
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [ServerFact]
    public async Task With_Redis_killed_nothing_is_forwarded_and_when_it_is_back_what_was_told_is_replayed()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await StartAsync(backend);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        await _redis.KillAsync();
        using var refused = await gateway.Client.PostAsync("other");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.Single(backend.Requests);

        await _redis.StartAgainAsync();
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.True(retry.IsReplay());
        using var other = await Bounded.UntilAsync(() => gateway.Client.PostAsync("other"), answer => (int)answer.StatusCode == 200);
        Assert.Equal(2, backend.Requests.Count);
    }

    [ServerFact]
    public async Task An_answer_that_Redis_did_not_take_outlives_the_kill_of_its_gateway_and_is_replayed_by_every_other_one()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using (var killed = await StartAsync(backend))
        {
            var answering = killed.Client.PostAsync("k");
            await backend.ArrivedAsync();
            await _redis.KillAsync();
            release.SetResult();
            using var first = await answering;
            Assert.Equal(("paid", "not-stored"), (await first.Content.ReadAsStringAsync(), first.Status()));
            await killed.KillAsync();
        }

        // Back without what it had not been told: the claim stands, in flight or unknown.
        await _redis.StartAgainAsync();
        await using var restarted = await StartAsync(backend);
        using var retry = await Bounded.UntilAsync(() => restarted.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200 && answer.Status() is null);
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task Told_to_stop_while_Redis_is_down_a_gateway_answers_what_is_in_flight_and_its_successor_brings_the_answer_home()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using (var stopping = await StartAsync(backend))
        {
            var answering = stopping.Client.PostAsync("k");
            await backend.ArrivedAsync();
            await _redis.KillAsync();
            await stopping.SignalAsync("TERM");
            release.SetResult();
            using var first = await answering;
            Assert.Equal(("paid", "not-stored"), (await first.Content.ReadAsStringAsync(), first.Status()));
            Assert.Equal(0, await stopping.ExitCodeAsync());
        }

        await _redis.StartAgainAsync();
        await using var next = await StartAsync(backend);
        using var retry = await Bounded.UntilAsync(() => next.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200 && answer.Status() is null);
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task A_Redis_that_forgets_everything_while_a_request_runs_is_told_again_and_nothing_runs_twice()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var one = await StartAsync(backend, """{ "Lease": "00:00:01" }""");
        await using var two = await StartAsync(backend, """{ "Lease": "00:00:01" }""");
        var running = one.Client.PostAsync("k");
        await backend.ArrivedAsync();
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"{_redis.Configuration},allowAdmin=true");
        await redis.GetServers()[0].FlushAllDatabasesAsync();
        await Bounded.UntilAsync(() => Task.FromResult(one.Output), output => output.Contains("it is claimed again", StringComparison.Ordinal));

        using var meanwhile = await two.Client.PostAsync("k");
        await meanwhile.ShouldBeAsync(409, "in-progress");
        release.SetResult();
        using var first = await running;
        Assert.Equal(("paid", null), (await first.Content.ReadAsStringAsync(), first.Status()));
        using var retry = await two.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [ServerTheory]
    [InlineData("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0")] // OOM: noeviction, and full
    [InlineData("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0")] // NOREPLICAS
    [InlineData("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")] // READONLY
    public async Task A_Redis_that_refuses_writes_still_replays_and_takes_them_again_by_itself(string refuse, string take)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await StartAsync(backend);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        await using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"{_redis.Configuration},allowAdmin=true");
        await SendAsync(refuse);

        for (var i = 0; i < 10; i++)
        {
            using var refused = await gateway.Client.PostAsync($"new-{i}");
            await refused.ShouldBeAsync(503, "store-unavailable");
            using var retry = await gateway.Client.PostAsync("k");
            Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        }

        Assert.Single(backend.Requests);
        await SendAsync(take);
        using var next = await Bounded.UntilAsync(() => gateway.Client.PostAsync("next"), answer => (int)answer.StatusCode == 200);

        Task SendAsync(string command) => redis.GetServers()[0].ExecuteAsync(command.Split(' ')[0], [.. command.Split(' ').Skip(1)]);
    }

    [ServerFact]
    public async Task A_gateway_that_starts_before_its_Redis_becomes_ready_when_it_comes()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await _redis.KillAsync();
        var starting = StartAsync(backend);
        await _redis.StartAgainAsync();
        await using var gateway = await starting;
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
    }

    [ServerFact]
    public async Task An_evicting_Redis_keeps_the_gateway_from_being_ready_unless_it_is_accepted()
    {
        await using var evicting = await RedisServer.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/", store: "Redis", idempotency: $$"""{ "Stores": { "Redis": { "Configuration": "{{evicting.Configuration}}" } } }""");
        await Bounded.UntilAsync(() => Task.FromResult(gateway.Log.Entries.ToArray()), entries => entries.Any(entry => entry.Event == "SelfTestFailed" && entry.Message.Contains("maxmemory-policy 'allkeys-lru'", StringComparison.Ordinal)));
        using var probe = new HttpClient();
        using var ready = await probe.GetAsync(new Uri(gateway.Management, "/health/ready"));
        Assert.Equal(503, (int)ready.StatusCode);

        await using var accepting = await TestGateway.StartAsync("http://localhost:1/", store: "Redis", idempotency: $$"""{ "Stores": { "Redis": { "Configuration": "{{evicting.Configuration}}", "AcceptEviction": true } } }""");
        using var accepted = await Bounded.UntilAsync(() => probe.GetAsync(new Uri(accepting.Management, "/health/ready")), answer => answer.IsSuccessStatusCode);
    }

    [ServerFact]
    public async Task Without_the_replicas_that_WAIT_asks_for_nothing_is_forwarded()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, store: "Redis", idempotency: $$"""
            { "Stores": { "OperationTimeout": "00:00:00.5", "Redis": { "Configuration": "{{_redis.Configuration}}", "WaitReplicas": 1 } } }
            """);
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.Empty(backend.Requests);
    }

    [ServerFact]
    public async Task A_password_is_neither_logged_nor_shown()
    {
        await _redis.KillAsync(); // so that there is an error to tell
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/", store: "Redis", idempotency: $$"""
            { "Stores": { "Redis": { "Configuration": "{{_redis.Configuration}},password=planted-secret" } } }
            """);
        await Bounded.UntilAsync(() => Task.FromResult(gateway.Log.Entries.ToArray()), entries => entries.Any(entry => entry.Event == "SelfTestFailed"));
        Assert.DoesNotContain(gateway.Log.Entries, entry => entry.Message.Contains("planted-secret", StringComparison.Ordinal));
        Assert.Contains(gateway.Log.Entries, entry => entry.Event == "Running" && entry.Message.Contains(_redis.Configuration, StringComparison.Ordinal));
    }
}
