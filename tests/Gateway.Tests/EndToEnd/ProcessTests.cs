using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Real processes: killed, told to stop, and started wrongly.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Killed_after_the_answer_the_gateway_replays_it_when_it_is_back()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid", headers: "X-A: 1\r\n"));
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, store: "Sqlite"));
        await using (var gateway = await GatewayProcess.StartAsync(routes))
        {
            using var first = await gateway.Client.PostAsync("k");
            Assert.Equal("paid", await first.Content.ReadAsStringAsync());
            await gateway.KillAsync();
        }

        await using var restarted = await GatewayProcess.StartAsync(routes);
        using var retry = await restarted.Client.PostAsync("k");
        Assert.Equal(("paid", "1", true), (await retry.Content.ReadAsStringAsync(), retry.Headers.GetValues("X-A").Single(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Killed_in_mid_flight_the_request_is_unknown_once_its_lease_has_run_out_and_never_runs_again()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, """{ "Lease": "00:00:02" }""", store: "Sqlite"));
        await using (var gateway = await GatewayProcess.StartAsync(routes))
        {
            _ = gateway.Client.PostAsync("k").ContinueWith(task => task.Exception, TaskScheduler.Default);
            await backend.ArrivedAsync();
            await gateway.KillAsync();
        }

        await using var restarted = await GatewayProcess.StartAsync(routes);
        using var retry = await Bounded.UntilAsync(() => restarted.Client.PostAsync("k"), answer => answer.Headers.RetryAfter is null);
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Told_to_stop_the_gateway_finishes_what_is_in_flight_also_what_has_lost_its_client()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.Start(async (connection, request) =>
        {
            await release.Task;
            await connection.AnswerAsync($"for {request.Header("Idempotency-Key")}");
        });
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, store: "Sqlite"));
        await using (var gateway = await GatewayProcess.StartAsync(routes))
        {
            using var probe = new HttpClient();
            var waiting = gateway.Client.PostAsync("waits");
            await backend.ArrivedAsync();
            using (var client = await RawClient.ConnectAsync(gateway.Address))
            {
                await client.SendAsync(RawClient.Post("/payments/1/confirm", "left", Requests.Payment, "Content-Type: application/json\r\n"));
                await backend.ArrivedAsync();
                client.Reset();
            }

            await gateway.SignalAsync("TERM");
            await Bounded.UntilAsync(
                async () =>
                {
                    using var ready = await probe.GetAsync(new Uri(gateway.Management, "/health/ready"));
                    return await ready.Content.ReadAsStringAsync();
                },
                body => body.Contains("\"stopping\"", StringComparison.Ordinal));
            release.SetResult();
            using var answer = await waiting;
            Assert.Equal("for waits", await answer.Content.ReadAsStringAsync());
            Assert.Equal(0, await gateway.ExitCodeAsync());
        }

        await using var restarted = await GatewayProcess.StartAsync(routes);
        using var retry = await restarted.Client.PostAsync("left");
        Assert.Equal(("for left", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Equal(2, backend.Requests.Count);
    }

    [Fact]
    public async Task What_does_not_end_within_the_shutdown_time_is_recorded_as_unknown()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address, """{ "Lease": "00:10:00" }""", store: "Sqlite"));
        await using (var gateway = await GatewayProcess.StartAsync(routes, "--shutdownTimeoutSeconds", "1"))
        {
            _ = gateway.Client.PostAsync("k").ContinueWith(task => task.Exception, TaskScheduler.Default);
            await backend.ArrivedAsync();
            await gateway.SignalAsync("TERM");
            await gateway.ExitCodeAsync();
        }

        // The lease is ten minutes: only a written Unknown answers so at once.
        await using var restarted = await GatewayProcess.StartAsync(routes);
        using var retry = await restarted.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
    }

    [Fact]
    public async Task A_faulty_start_ends_with_1_and_names_every_fault_its_place_and_its_cure()
    {
        var routes = Routes.File("http://localhost:1/", """{ "Actor": [], "Lease": "30", "Retenshun": "1.00:00:00" }""", """{ "ClusterId": "legasy" }""");
        routes["ReverseProxy"]!["Routes"]!["open"]!["Transforms"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["IdempotencyPolicy"] = "q" });
        await using var gateway = GatewayProcess.Launch(GatewayProcess.WriteRoutes(_folder, routes));
        Assert.Equal(1, await gateway.ExitCodeAsync());
        foreach (var expected in new[]
        {
            "5 faults",
            "Idempotency:Policies:p:Actor: is missing",
            "Idempotency:Policies:p:Lease: '30' is not a duration",
            "Idempotency:Policies:p:Retenshun: is not a known key. Did you mean 'Retention'?",
            "ReverseProxy:Routes:pay:ClusterId: names the cluster 'legasy', which is not there. Did you mean 'legacy'?",
            "ReverseProxy:Routes:open:Transforms: IdempotencyPolicy names the policy 'q', which is not there. Did you mean 'p'?",
        })
        {
            Assert.Contains(expected, gateway.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{ "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/" }, "Transform": [ ] } }, "Clusters": { "c": { } } } }""", "Did you mean 'Transforms'?")]
    [InlineData("""{ "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/" }, "Transforms": [ { "IdempotencyPolice": "p" } ] } }, "Clusters": { "c": { } } } }""", "Unknown transform: IdempotencyPolice")]
    [InlineData("{ broken", "is not valid JSON")]
    [InlineData(null, "cannot be read")]
    public async Task A_routes_file_that_is_misspelt_broken_or_missing_does_not_start(string? content, string expected)
    {
        var path = Path.Combine(_folder.FullName, "routes.json");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content);
        }

        await using var gateway = GatewayProcess.Launch(path);
        Assert.Equal(1, await gateway.ExitCodeAsync());
        Assert.Contains(expected, gateway.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Logging:LogLevel:Default=Loud", "'Loud' is not supported")]
    [InlineData("--Kestrel:Endpoints:a:Url=nonsense", "nonsense")]
    public async Task A_value_that_ASP_NET_Core_cannot_read_is_said_plainly(string argument, string expected)
    {
        await using var gateway = GatewayProcess.Launch(GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/")), argument);
        Assert.Equal(1, await gateway.ExitCodeAsync());
        Assert.Contains("The gateway cannot start.", gateway.Output, StringComparison.Ordinal);
        Assert.Contains(expected, gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_plainly()
    {
        await using var backend = RawBackend.Start((_, _) => Task.CompletedTask);
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(backend.Address));
        await using var gateway = GatewayProcess.Launch(routes, "--urls", backend.Address.TrimEnd('/'));
        Assert.Equal(1, await gateway.ExitCodeAsync());
        Assert.Contains("address already in use", gateway.Output, StringComparison.Ordinal);
    }
}
