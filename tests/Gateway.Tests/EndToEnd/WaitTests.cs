using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>InProgress: Wait</c> at one gateway, and <c>MaxInFlight</c>.</summary>
public sealed class WaitTests : IAsyncLifetime
{
    private const string Wait = """{ "InProgress": "Wait", "WaitTimeout": "00:00:30" }""";

    private readonly TaskCompletionSource _release = new();
    private readonly List<string> _statuses = [];
    private RawBackend _backend = null!;
    private TestGateway _gateway = null!;
    private int _runs;
    private int _atOnce;
    private int _mostAtOnce;

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task Forty_at_once_are_one_run_and_all_get_its_answer(string store)
    {
        await StartAsync(Wait, store);
        var all = Enumerable.Range(0, 40).Select(_ => _gateway.Client.PostAsync("k")).ToList();
        await WaitingAsync(39);
        _release.SetResult();
        var answers = await Task.WhenAll(all);
        Assert.All(answers, answer => Assert.Equal(200, (int)answer.StatusCode));
        Assert.Equal(39, answers.Count(answer => answer.IsReplay()));
        Assert.All(await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync())), body => Assert.Equal("run 1", body));
        Assert.Equal(1, _runs);
        await WaitingAsync(0);
    }

    [Fact]
    public async Task Where_the_first_is_released_one_at_a_time_runs_and_the_first_good_answer_is_everybodys()
    {
        _statuses.AddRange(["503 Service Unavailable", "503 Service Unavailable", "200 OK"]);
        await StartAsync(Wait);
        var all = Enumerable.Range(0, 20).Select(_ => _gateway.Client.PostAsync("k")).ToList();
        await WaitingAsync(19);
        _release.SetResult();
        var answers = await Task.WhenAll(all);
        Assert.Equal((3, 1), (_runs, _mostAtOnce));
        Assert.Equal(2, answers.Count(answer => (int)answer.StatusCode == 503));
        Assert.Equal(17, answers.Count(answer => answer.IsReplay()));
    }

    [Theory]
    [InlineData("Hold", 1)]
    [InlineData("Retry", 2)]
    public async Task Where_the_outcome_is_lost_those_who_wait_hear_it_or_one_of_them_runs(string behaviour, int runs)
    {
        _statuses.AddRange(["502 Bad Gateway", "200 OK"]);
        await StartAsync($$"""{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "OutcomeUnknown": "{{behaviour}}" }""");
        var all = Enumerable.Range(0, 20).Select(_ => _gateway.Client.PostAsync("k")).ToList();
        await WaitingAsync(19);
        _release.SetResult();
        var answers = await Task.WhenAll(all);
        Assert.Equal(runs, _runs);
        Assert.Equal(behaviour == "Hold" ? 19 : 0, answers.Count(answer => (int)answer.StatusCode == 409));
        Assert.Equal(behaviour == "Hold" ? 0 : 19, answers.Count(answer => (int)answer.StatusCode == 200));
    }

    [Fact]
    public async Task When_the_time_is_over_it_is_409_with_a_time_to_come_back()
    {
        await StartAsync("""{ "InProgress": "Wait", "WaitTimeout": "00:00:00.1" }""");
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        using var waited = await _gateway.Client.PostAsync("k");
        await waited.ShouldBeAsync(409, "in-progress");
        Assert.NotNull(waited.Headers.RetryAfter);
        _release.SetResult();
        using var answer = await first;
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Another_request_under_the_key_is_422_at_once()
    {
        await StartAsync(Wait);
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        using var reused = await _gateway.Client.PostAsync("k", "{}");
        await reused.ShouldBeAsync(422, "key-reused");
        _release.SetResult();
        using var answer = await first;
    }

    [Fact]
    public async Task More_than_may_wait_hear_409_at_once_and_a_client_that_hangs_up_makes_room()
    {
        await StartAsync("""{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "MaxWaiting": 2 }""");
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        using var hangsUp = new CancellationTokenSource();
        var gone = _gateway.Client.PostAsync("k", cancellationToken: hangsUp.Token);
        var waits = _gateway.Client.PostAsync("k");
        await WaitingAsync(2);
        using var surplus = await _gateway.Client.PostAsync("k");
        await surplus.ShouldBeAsync(409, "in-progress");
        using var open = await _gateway.Client.PostAsync(null, path: "/open/x").WithinLimit(); // nobody else is kept waiting
        Assert.Equal(200, (int)open.StatusCode);

        await hangsUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await WaitingAsync(1);
        var takesItsPlace = _gateway.Client.PostAsync("k");
        await WaitingAsync(2);
        _release.SetResult();
        Assert.All(await Task.WhenAll(waits, takesItsPlace), answer => Assert.True(answer.IsReplay()));
        using var answer = await first;
    }

    [Fact]
    public async Task A_gateway_that_stops_lets_go_of_those_who_wait()
    {
        await StartAsync(Wait);
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        var waits = _gateway.Client.PostAsync("k");
        await WaitingAsync(1);
        var stopping = _gateway.StopAsync();
        await (await waits).ShouldBeAsync(409, "in-progress");
        _release.SetResult();
        using var answer = await first;
        Assert.Equal(200, (int)answer.StatusCode);
        await stopping.WithinLimit();
    }

    [Fact]
    public async Task An_answer_that_the_store_does_not_take_is_given_to_those_who_wait()
    {
        FaultyStore store = null!;
        await StartAsync(Wait, faulty: faulty => store = faulty, idempotency: """{ "Stores": { "CompletionTimeout": "00:00:00.2" } }""");
        await StoreTests.ReadyAsync(_gateway);
        store.Before = verb => verb == "complete" ? throw new IOException("the store is down") : Task.CompletedTask;
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        var waits = _gateway.Client.PostAsync("k");
        await WaitingAsync(1);
        _release.SetResult();
        using var answer = await waits;
        Assert.Equal((200, true, "not-stored", 1), ((int)answer.StatusCode, answer.IsReplay(), answer.Status(), _runs));
        using var given = await first;
    }

    [Theory]
    [InlineData("Reject")]
    [InlineData("Forward")]
    public async Task A_store_that_fails_while_a_request_waits_lets_nothing_run(string storeFailure)
    {
        FaultyStore store = null!;
        _statuses.AddRange(["503 Service Unavailable"]);
        await StartAsync($$"""{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "StoreFailure": "{{storeFailure}}" }""", faulty: faulty => store = faulty);
        await StoreTests.ReadyAsync(_gateway);
        var first = _gateway.Client.PostAsync("k");
        await _backend.ArrivedAsync();
        var waits = _gateway.Client.PostAsync("k");
        await WaitingAsync(1);
        store.Before = verb => verb == "begin" ? throw new IOException("the store is down") : Task.CompletedTask;
        _release.SetResult();
        await (await waits).ShouldBeAsync(503, "store-unavailable");
        using var answer = await first;
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task Hundreds_who_wait_ask_the_store_twice_each_and_then_not_again()
    {
        FaultyStore store = null!;
        await StartAsync("""{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "MaxWaiting": 1000 }""", faulty: faulty => store = faulty);
        await StoreTests.ReadyAsync(_gateway);
        var begins = 0;
        store.Before = verb => verb == "begin" ? Task.FromResult(Interlocked.Increment(ref begins)) : Task.CompletedTask;
        var all = Enumerable.Range(0, 201).Select(_ => _gateway.Client.PostAsync("k")).ToList();
        await WaitingAsync(200);
        await Bounded.UntilAsync(() => Task.FromResult(Volatile.Read(ref begins)), count => count >= 401);
        _release.SetResult();
        await Task.WhenAll(all);
        Assert.InRange(begins, 401, 601); // one to find it running, one behind the place in the queue, one for its answer
    }

    [Fact]
    public async Task More_than_may_run_are_503_and_leave_their_keys_free_and_known_answers_are_given()
    {
        _release.SetResult();
        var hold = new TaskCompletionSource();
        _backend = RawBackend.Start(async (connection, request) =>
        {
            if (request.Header("Idempotency-Key") == "slow")
            {
                await hold.Task;
            }

            Interlocked.Increment(ref _runs);
            await connection.AnswerAsync("ran");
        });
        _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxInFlight": 1 }""");
        using var known = await _gateway.Client.PostAsync("known");
        await _backend.ArrivedAsync();
        var slow = _gateway.Client.PostAsync("slow");
        await _backend.ArrivedAsync();

        using var refused = await _gateway.Client.PostAsync("other");
        await refused.ShouldBeAsync(503, "too-many-in-flight");
        Assert.NotNull(refused.Headers.RetryAfter);
        using var replay = await _gateway.Client.PostAsync("known");
        Assert.True(replay.IsReplay());

        hold.SetResult();
        using var answer = await slow;
        using var later = await _gateway.Client.PostAsync("other");
        Assert.Equal((200, false, 3), ((int)later.StatusCode, later.IsReplay(), _runs));
    }

    [Fact]
    public async Task A_key_of_which_nobody_knows_whether_it_ran_keeps_its_record_where_as_many_run_as_may()
    {
        var hold = new TaskCompletionSource();
        _backend = RawBackend.Start(async (connection, request) =>
        {
            if (request.Header("Idempotency-Key") == "slow")
            {
                await hold.Task;
            }

            await connection.AnswerAsync("", request.Header("Idempotency-Key") == "lost" ? "504 Gateway Timeout" : "200 OK");
        });
        _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxInFlight": 1, "OutcomeUnknown": "Retry" }""");
        using var lost = await _gateway.Client.PostAsync("lost");
        await _backend.ArrivedAsync();
        var slow = _gateway.Client.PostAsync("slow");
        await _backend.ArrivedAsync();

        using var refused = await _gateway.Client.PostAsync("lost");
        await refused.ShouldBeAsync(503, "too-many-in-flight");
        using var other = await _gateway.Client.PostAsync("lost", "{}");
        await other.ShouldBeAsync(422, "key-reused");

        hold.SetResult();
        using var answer = await slow;
        using var retry = await _gateway.Client.PostAsync("lost");
        Assert.Equal((504, 3), ((int)retry.StatusCode, _backend.Requests.Count));
    }

    [Fact]
    public async Task A_client_that_does_not_read_its_answer_keeps_no_other_one_from_running()
    {
        _backend = RawBackend.Start((connection, request) => connection.AnswerAsync(request.Header("Idempotency-Key") == "large" ? new string('x', 32 << 20) : "ran"));
        _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxInFlight": 1, "MaxResponseBodySize": 67108864 }""");
        using var slow = await RawClient.ConnectAsync(_gateway.Address);
        await slow.SendAsync(RawClient.Post("/pay", "large", "{}"));
        Assert.StartsWith("HTTP/1.1 200", await slow.ReadHeadOnlyAsync(), StringComparison.Ordinal);

        using var other = await _gateway.Client.PostAsync("other");
        Assert.Equal(200, (int)other.StatusCode);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private async Task StartAsync(string policy, string store = "Memory", Action<FaultyStore>? faulty = null, string idempotency = "{}")
    {
        _backend = RawBackend.Start(async (connection, request) =>
        {
            if (request.Line.Contains("/open/", StringComparison.Ordinal))
            {
                await connection.AnswerAsync("open");
                return;
            }

            _mostAtOnce = Math.Max(_mostAtOnce, Interlocked.Increment(ref _atOnce));
            await _release.Task;
            var run = Interlocked.Increment(ref _runs);
            Interlocked.Decrement(ref _atOnce);
            await connection.AnswerAsync($"run {run}", run <= _statuses.Count ? _statuses[run - 1] : "200 OK");
        });
        _gateway = await TestGateway.StartAsync(_backend.Address, policy, store: store, idempotency: idempotency, configure: builder =>
        {
            if (faulty is not null)
            {
                builder.Services.AddSingleton<IIdempotencyStore>(provider =>
                {
                    var wrapped = new FaultyStore(provider.GetRequiredService<InMemoryStore>());
                    faulty(wrapped);
                    return wrapped;
                });
            }
        });
    }

    private Task<int> WaitingAsync(int requests) =>
        Bounded.UntilAsync(() => Task.FromResult(_gateway.Services.GetRequiredService<RecordWaiters>().Requests), waiting => waiting == requests);
}
