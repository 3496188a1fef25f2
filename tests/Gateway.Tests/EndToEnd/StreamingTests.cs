using System.Text.Json;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>Answers that are not kept: too large, a stream, or by the policy. They leave a tombstone, never a hole.</summary>
public sealed class StreamingTests
{
    private const string SmallAnswers = """{ "MaxResponseBodySize": 1000 }""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_over_the_limit_goes_through_whole_and_is_not_run_again(bool chunked)
    {
        var large = string.Concat(Enumerable.Range(0, 300_000).Select(i => (char)('a' + (i % 26))));
        await using var backend = RawBackend.Start((connection, _) => chunked
            ? connection.SendAsync($"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n{large.Length:x}\r\n{large}\r\n0\r\n\r\n")
            : connection.AnswerAsync(large, "201 Created"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, SmallAnswers);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal(large, await first.Content.ReadAsStringAsync());
        Assert.Equal("k", first.Headers.GetValues("Idempotency-Key").Single());
        Assert.Null(first.Status());

        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "response-not-retained");
        var problem = JsonDocument.Parse(await retry.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(201, problem.GetProperty("originalStatus").GetInt32());
        Assert.True(problem.TryGetProperty("completedAt", out _));
        using var different = await gateway.Client.PostAsync("k", "{}");
        await different.ShouldBeAsync(422, "key-reused");
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public async Task The_limit_is_exact(int size, bool replayed)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(new string('x', size)));
        await using var gateway = await TestGateway.StartAsync(backend.Address, SmallAnswers);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(size, (await first.Content.ReadAsByteArrayAsync()).Length);
        Assert.Equal(replayed, retry.IsReplay());
    }

    [Fact]
    public async Task An_event_stream_flows_as_it_comes_and_its_record_says_done_before_its_first_byte()
    {
        var proceed = new TaskCompletionSource();
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
            await proceed.Task;
            await connection.SendAsync("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.SendAsync(Requests.Post("k"), HttpCompletionOption.ResponseHeadersRead).WithinLimit();
        using var events = new StreamReader(await first.Content.ReadAsStreamAsync());
        Assert.Equal("data: 1", await events.ReadLineAsync().WithinLimit()); // the backend has not finished

        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "response-not-retained");
        proceed.SetResult();
        Assert.Equal("\ndata: 2\n\n", await events.ReadToEndAsync().WithinLimit());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_cut_for_the_client_and_stays_done()
    {
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{new string('x', 2000)}");
            connection.Close();
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, SmallAnswers);
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Post("/p", "k", "{}", "Content-Type: application/json\r\n"));
        var all = await client.ReadToEndAsync();
        Assert.True(all.Length < 5000, "the connection is cut: a part must not look like the whole");
        using var retry = await gateway.Client.PostAsync("k", "{}", "/p");
        await retry.ShouldBeAsync(409, "response-not-retained");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_tombstone_that_the_store_does_not_take_is_said_in_the_head_of_the_stream()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(new string('x', 2000)));
        await using var gateway = await StoreTests.StartAsync(
            backend.Address, SmallAnswers, store => store.Before = verb => verb == "complete" ? throw new IOException("broken") : Task.CompletedTask,
            """{ "Stores": { "OperationTimeout": "00:00:00.1", "CompletionTimeout": "00:00:00.1" } }""");
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());
        Assert.Equal(2000, (await first.Content.ReadAsByteArrayAsync()).Length);
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "response-not-retained");
    }

    [Fact]
    public async Task A_route_that_mints_secrets_keeps_no_bodies()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("the-planted-secret"));
        InMemoryStore store = null!;
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "RetainBody": false }""", configure: builder =>
            builder.Services.AddSingleton<IIdempotencyStore>(provider => new FaultyStore(store = provider.GetRequiredService<InMemoryStore>())));
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("the-planted-secret", await first.Content.ReadAsStringAsync());
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "response-not-retained");
    }

    [Fact]
    public async Task A_large_answer_with_a_release_status_releases_the_key()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(new string('x', 2000), "503 Busy"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, SmallAnswers);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((503, 503), ((int)first.StatusCode, (int)retry.StatusCode));
        Assert.Equal(2, backend.Requests.Count);
    }

    [Fact]
    public async Task A_client_that_leaves_a_stream_does_not_stop_the_backend()
    {
        var heard = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
            await gone.Task;
            for (var i = 0; i < 200; i++)
            {
                await connection.SendAsync($"400\r\n{new string('x', 1024)}\r\n");
            }

            await connection.SendAsync("0\r\n\r\n");
            heard.SetResult();
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using (var client = await RawClient.ConnectAsync(gateway.Address))
        {
            await client.SendAsync(RawClient.Post("/p", "k", "{}"));
            await client.ReadHeadOnlyAsync();
            client.Reset();
        }

        gone.SetResult();
        await heard.Task.WithinLimit();
    }
}
