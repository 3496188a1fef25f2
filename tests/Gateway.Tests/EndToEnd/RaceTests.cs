using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Duplicates at the same moment, and clients that do not wait.</summary>
public sealed class RaceTests
{
    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task Of_forty_simultaneous_duplicates_one_runs_and_all_others_hear_that_it_is_in_progress_or_its_answer(string store)
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var gateway = await TestGateway.StartAsync(backend.Address, store: store);

        var running = Enumerable.Range(0, 40).Select(_ => gateway.Client.PostAsync("k")).ToList();
        await backend.ArrivedAsync();

        // All but the first are answered while the backend is still silent.
        var early = new List<HttpResponseMessage>();
        while (running.Count > 1)
        {
            var done = await Task.WhenAny(running).WithinLimit();
            running.Remove(done);
            early.Add(await done);
        }

        foreach (var answer in early)
        {
            await answer.ShouldBeAsync(409, "in-progress");
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        }

        // And a different request under the key is told so, also now: 422 goes before 409.
        using var different = await gateway.Client.PostAsync("k", "{}");
        await different.ShouldBeAsync(422, "key-reused");

        release.SetResult();
        Assert.Equal("paid", await (await running.Single()).Content.ReadAsStringAsync());
        var after = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => gateway.Client.PostAsync("k")));
        Assert.All(after, answer => Assert.True(answer.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Many_keys_at_once_each_run_once()
    {
        await using var backend = RawBackend.Start((connection, request) => connection.AnswerAsync($"for {request.Header("Idempotency-Key")}"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, store: "Sqlite");
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            using var answer = await gateway.Client.PostAsync($"k{i % 100}");
            return (i, answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }));
        Assert.Equal(100, backend.Requests.Count);
        Assert.All(answers.Where(answer => (int)answer.StatusCode == 200), answer => Assert.Equal($"for k{answer.i % 100}", answer.Item3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_after_the_client_hung_up_gets_the_first_answer(bool reset)
    {
        var release = new TaskCompletionSource();
        var large = new string('x', 200_000);
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            await release.Task;
            await connection.AnswerAsync(large, "201 Created");
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using (var client = await RawClient.ConnectAsync(gateway.Address))
        {
            await client.SendAsync(RawClient.Post("/p", "k", "{}", "Content-Type: application/json\r\n"));
            await backend.ArrivedAsync();
            if (reset)
            {
                client.Reset();
            }
            else
            {
                client.Close();
            }
        }

        using var tooEarly = await gateway.Client.PostAsync("k", "{}", "/p");
        await tooEarly.ShouldBeAsync(409, "in-progress");
        release.SetResult();
        using var retry = await Bounded.UntilAsync(() => gateway.Client.PostAsync("k", "{}", "/p"), answer => (int)answer.StatusCode != 409);
        Assert.Equal(201, (int)retry.StatusCode);
        Assert.True(retry.IsReplay());
        Assert.Equal(large, await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_client_that_cancels_over_HTTP_2_does_not_stop_the_forward()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var gateway = await TestGateway.StartAsync(backend.Address, protocols: Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2);
        using var client = gateway.NewClient(System.Net.HttpVersion.Version20);
        using var impatience = new CancellationTokenSource();
        var first = client.PostAsync("k", cancellationToken: impatience.Token);
        await backend.ArrivedAsync();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        using var retry = await Bounded.UntilAsync(() => client.PostAsync("k"), answer => (int)answer.StatusCode != 409);
        Assert.True(retry.IsReplay());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_slow_backend_is_not_taken_for_a_dead_one_the_lease_is_renewed()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        var renewed = new SemaphoreSlim(0);
        await using var gateway = await StoreTests.StartAsync(backend.Address, """{ "Lease": "00:00:01", "OutcomeUnknown": "Retry" }""", store =>
            store.After = verb =>
            {
                if (verb == "renew")
                {
                    renewed.Release();
                }

                return Task.CompletedTask;
            });

        var first = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        for (var i = 0; i < 6; i++)
        {
            Assert.True(await renewed.WaitAsync(Bounded.Limit)); // six thirds of a lease: it would have run out twice
        }

        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "in-progress");
        release.SetResult();
        Assert.Equal("paid", await (await first).Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }
}
