using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Two gateways, each a process of its own, on one store: told the same way for each store that can be shared.</summary>
public abstract class SharedStoreStories : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    /// <summary>The name of the store, and the members of <c>Idempotency</c> that lead to it.</summary>
    protected abstract (string Store, JsonObject Idempotency) StoreConfiguration { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    internal Task<GatewayProcess> StartAsync(RawBackend backend, string policy = "{}")
    {
        var (store, idempotency) = StoreConfiguration;
        return GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, policy, store: store, idempotency: idempotency.ToJsonString())));
    }

    /// <summary>Whether somebody holds the store so that nobody else can write. A server's never is; a file's is, for as long as a transaction takes.</summary>
    protected virtual bool IsHeld(string folder) => false;

    /// <summary>Not in the middle of a write: that would stop the other gateway as well, for as long as this one is frozen.</summary>
    private async Task FreezeAsync(GatewayProcess gateway)
    {
        await gateway.SignalAsync("STOP");
        while (IsHeld(_folder.FullName))
        {
            await gateway.SignalAsync("CONT");
            await gateway.SignalAsync("STOP");
        }
    }

    [ServerFact]
    public async Task Forty_duplicates_at_both_run_once_and_each_replays_the_others_answers()
    {
        var calls = 0;
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref calls)}"));
        await using var one = await StartAsync(backend);
        await using var two = await StartAsync(backend);
        for (var round = 1; round <= 5; round++)
        {
            var key = $"k{round}";
            foreach (var answer in (await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? one : two).Client.PostAsync(key)))).Where(answer => (int)answer.StatusCode != 200))
            {
                await answer.ShouldBeAsync(409, "in-progress");
            }

            foreach (var gateway in new[] { one, two })
            {
                using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync(key), answer => (int)answer.StatusCode == 200);
                Assert.Equal(($"run {round}", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
            }
        }

        Assert.Equal(5, calls);
    }

    [ServerFact]
    public async Task Who_waits_at_one_gateway_gets_the_answer_of_the_other()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        const string policy = """{ "InProgress": "Wait", "WaitTimeout": "00:00:30" }""";
        await using var one = await StartAsync(backend, policy);
        await using var two = await StartAsync(backend, policy);
        var first = one.Client.PostAsync("k");
        await backend.ArrivedAsync();
        var waiting = Enumerable.Range(0, 20).Select(_ => two.Client.PostAsync("k")).ToList();
        await two.WaitingAsync(20);

        release.SetResult();
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal((200, true), ((int)answer.StatusCode, answer.IsReplay())));
        Assert.Equal("paid", await (await first).Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task Who_waits_for_a_gateway_that_was_killed_hears_that_the_outcome_is_unknown_when_its_lease_is_over()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        const string policy = """{ "InProgress": "Wait", "WaitTimeout": "00:00:30", "Lease": "00:00:01" }""";
        await using var other = await StartAsync(backend, policy);
        Task<HttpResponseMessage> waiting;
        await using (var killed = await StartAsync(backend, policy))
        {
            _ = killed.Client.PostAsync("k").ContinueWith(task => task.Exception, TaskScheduler.Default);
            await backend.ArrivedAsync();
            waiting = other.Client.PostAsync("k");
            await other.WaitingAsync(1);
            await killed.KillAsync();
        }

        await (await waiting).ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task One_killed_while_it_holds_a_claim_leaves_an_unknown_outcome_to_the_other()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        await using var other = await StartAsync(backend, """{ "Lease": "00:00:01" }""");
        await using (var killed = await StartAsync(backend, """{ "Lease": "00:00:01" }"""))
        {
            _ = killed.Client.PostAsync("k").ContinueWith(task => task.Exception, TaskScheduler.Default);
            await backend.ArrivedAsync();
            await killed.KillAsync();
        }

        using var retry = await Bounded.UntilAsync(() => other.Client.PostAsync("k"), answer => answer.Headers.RetryAfter is null);
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task One_frozen_beyond_its_lease_keeps_its_late_answer_under_Hold_and_nothing_runs_twice()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var frozen = await StartAsync(backend, """{ "Lease": "00:00:01" }""");
        await using var other = await StartAsync(backend, """{ "Lease": "00:00:01" }""");
        var first = frozen.Client.PostAsync("k");
        await backend.ArrivedAsync();
        await FreezeAsync(frozen);
        using var meanwhile = await Bounded.UntilAsync(() => other.Client.PostAsync("k"), answer => answer.Headers.RetryAfter is null);
        await meanwhile.ShouldBeAsync(409, "outcome-unknown");
        release.SetResult();
        await frozen.SignalAsync("CONT");
        using var answer = await first;
        Assert.Equal(("paid", null), (await answer.Content.ReadAsStringAsync(), answer.Status()));
        using var retry = await other.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [ServerFact]
    public async Task One_frozen_beyond_its_lease_finds_its_claim_taken_over_under_Retry_and_changes_nothing()
    {
        var release = new TaskCompletionSource();
        var calls = 0;
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            var call = Interlocked.Increment(ref calls);
            if (call == 1)
            {
                await release.Task;
            }

            await connection.AnswerAsync($"run {call}");
        });
        const string Policy = """{ "Lease": "00:00:01", "OutcomeUnknown": "Retry" }""";
        await using var frozen = await StartAsync(backend, Policy);
        await using var other = await StartAsync(backend, Policy);
        var first = frozen.Client.PostAsync("k");
        await backend.ArrivedAsync();
        await FreezeAsync(frozen);
        using var second = await Bounded.UntilAsync(() => other.Client.PostAsync("k"), answer => (int)answer.StatusCode == 200);
        Assert.Equal("run 2", await second.Content.ReadAsStringAsync());
        release.SetResult();
        await frozen.SignalAsync("CONT");
        using var late = await first;
        Assert.Equal(("run 1", "not-stored"), (await late.Content.ReadAsStringAsync(), late.Status()));
        foreach (var gateway in new[] { frozen, other })
        {
            using var retry = await gateway.Client.PostAsync("k");
            Assert.Equal(("run 2", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        }

        Assert.Equal(2, calls);
    }

    [ServerFact]
    public async Task A_backend_slower_than_the_lease_runs_once_as_its_gateway_renews()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var one = await StartAsync(backend, """{ "Lease": "00:00:03" }""");
        await using var two = await StartAsync(backend, """{ "Lease": "00:00:03" }""");
        var first = one.Client.PostAsync("k");
        await backend.ArrivedAsync();
        var until = DateTime.UtcNow.AddSeconds(7); // more than two leases, each longer than a disk takes to wake up
        while (DateTime.UtcNow < until)
        {
            using var meanwhile = await two.Client.PostAsync("k");
            await meanwhile.ShouldBeAsync(409, "in-progress");
        }

        release.SetResult();
        using var answer = await first;
        using var retry = await two.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }
}
