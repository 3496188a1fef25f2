using System.Security.Cryptography;
using Gateway.Idempotency.Observation;
using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>Mode: Observe</c>: everything is computed, recorded, counted, logged and marked, and every request reaches the backend.</summary>
public sealed class ObserveTests : IAsyncLifetime
{
    private const string Observe = """{ "Mode": "Observe", "MaxRequestBodySize": 100 }""";

    private int _served;
    private RawBackend _backend = null!;
    private TestGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _backend = RawBackend.Start((connection, _) => connection.AnswerAsync($"answer {Interlocked.Increment(ref _served)}"));
        _gateway = await TestGateway.StartAsync(_backend.Address, Observe);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task A_first_request_runs_is_recorded_and_its_answer_says_observed()
    {
        using var answer = await _gateway.Client.PostAsync("k");
        Assert.Equal(("answer 1", "observed"), (await answer.Content.ReadAsStringAsync(), answer.Status()));
        Assert.Equal("k", answer.Headers.GetValues("Idempotency-Key").Single());
        Assert.Equal(1, Count(RequestOutcome.Executed));
    }

    [Fact]
    public async Task A_retry_is_forwarded_and_says_that_it_would_have_been_replayed()
    {
        using var first = await _gateway.Client.PostAsync("k");
        using var retry = await _gateway.Client.PostAsync("k");
        Assert.Equal(("answer 2", "would-replay", false), (await retry.Content.ReadAsStringAsync(), retry.Status(), retry.IsReplay()));
        Assert.Equal(2, _backend.Requests.Count);
        Assert.Equal((1, 1), (Count(RequestOutcome.Executed), Count(RequestOutcome.Replayed)));
        Assert.Contains(_gateway.Log.Entries, entry => entry is { Event: "Observed", Level: LogLevel.Information } && entry.Message.Contains("would-replay", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_would_have_been_refused_is_forwarded_as_it_came_and_says_so()
    {
        using var none = await _gateway.Client.PostAsync(null);
        Assert.Equal("would-refuse-key-missing", none.Status());
        using var bad = await _gateway.Client.PostAsync("a\tb");
        Assert.Equal("would-refuse-key-invalid", bad.Status());
        using var first = await _gateway.Client.PostAsync("k");
        using var other = await _gateway.Client.PostAsync("k", """{"amount":1}""");
        Assert.Equal("would-refuse-key-reused", other.Status());
        Assert.Equal("""{"amount":1}""", System.Text.Encoding.UTF8.GetString(_backend.Requests.Last().Body));
        Assert.All([none, bad, first, other], answer => Assert.Equal(200, (int)answer.StatusCode));
        Assert.Equal(4, _backend.Requests.Count);
        Assert.Equal((1, 1, 1), (Count(RequestOutcome.KeyMissing), Count(RequestOutcome.KeyInvalid), Count(RequestOutcome.KeyReused)));
    }

    [Fact]
    public async Task A_request_that_nobody_can_be_told_apart_by_is_forwarded()
    {
        await using var gateway = await TestGateway.StartAsync(_backend.Address, """{ "Mode": "Observe", "Actor": [ "Header:X-Who" ] }""");
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal((200, "would-refuse-actor-missing"), ((int)answer.StatusCode, answer.Status()));
    }

    [Fact]
    public async Task A_second_request_while_the_first_is_running_is_forwarded()
    {
        var letGo = new TaskCompletionSource();
        var served = 0;
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            if (Interlocked.Increment(ref served) == 1)
            {
                await letGo.Task;
            }

            await connection.AnswerAsync("paid");
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Mode": "Observe" }""");
        var first = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        using var second = await gateway.Client.PostAsync("k");
        letGo.SetResult();
        using var answer = await first;
        Assert.Equal(("would-refuse-in-progress", "observed"), (second.Status(), answer.Status()));
    }

    [Fact]
    public async Task A_request_whose_first_outcome_nobody_knows_is_forwarded()
    {
        var served = 0;
        await using var backend = RawBackend.Start((connection, _) =>
        {
            if (Interlocked.Increment(ref served) > 1)
            {
                return connection.AnswerAsync("paid");
            }

            connection.Reset();
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Mode": "Observe" }""");
        using var lost = await gateway.Client.PostAsync("k");
        await lost.ShouldBeAsync(502, "outcome-unknown"); // there is nothing else to say
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((200, "would-refuse-outcome-unknown"), ((int)retry.StatusCode, retry.Status()));
    }

    [Fact]
    public async Task An_answer_that_was_not_kept_is_no_reason_to_refuse()
    {
        await using var gateway = await TestGateway.StartAsync(_backend.Address, """{ "Mode": "Observe", "RetainBody": false }""");
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((200, "would-refuse-response-not-retained"), ((int)retry.StatusCode, retry.Status()));
    }

    [Theory]
    [InlineData("Reject", "would-refuse-store-unavailable")]
    [InlineData("Forward", "unprotected")]
    public async Task A_store_that_fails_holds_nobody_up(string storeFailure, string status)
    {
        await using var gateway = await TestGateway.StartAsync(_backend.Address, $$"""{ "Mode": "Observe", "StoreFailure": "{{storeFailure}}" }""", configure: builder =>
        {
            var store = new FaultyStore(new Gateway.Stores.InMemory.InMemoryStore(TimeProvider.System)) { Before = _ => throw new IOException("down") };
            builder.Services.AddSingleton<IIdempotencyStore>(store);
        });
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal((200, status), ((int)answer.StatusCode, answer.Status()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_reaches_the_backend_whole(bool chunked)
    {
        var received = new TaskCompletionSource<byte[]>();
        await using var backend = WebApplication.CreateSlimBuilder().Build();
        backend.Urls.Add("http://127.0.0.1:0");
        backend.MapPost("/{**path}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            received.TrySetResult(body.ToArray());
            return "took it";
        });
        await backend.StartAsync();
        await using var gateway = await TestGateway.StartAsync(backend.Urls.First(), Observe);
        var sent = RandomNumberGenerator.GetBytes(300_000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/upload") { Content = new ByteArrayContent(sent) };
        request.Headers.Add("Idempotency-Key", "k");
        request.Headers.TransferEncodingChunked = chunked;

        using var answer = await gateway.Client.SendAsync(request).WithinLimit();

        Assert.Equal((200, "would-refuse-body-too-large"), ((int)answer.StatusCode, answer.Status()));
        Assert.Equal("took it", await answer.Content.ReadAsStringAsync());
        Assert.Equal(sent, await received.Task.WithinLimit());
    }

    [Fact]
    public async Task What_was_recorded_while_observing_is_replayed_once_the_policy_enforces()
    {
        using var observed = await _gateway.Client.PostAsync("k");
        await File.WriteAllTextAsync(_gateway.RoutesPath, Routes.File(_backend.Address, "{}").ToJsonString());
        await Bounded.UntilAsync(
            async () =>
            {
                using var answer = await _gateway.Client.PostAsync(null);
                return (int)answer.StatusCode;
            },
            status => status == 400);

        using var retry = await _gateway.Client.PostAsync("k");

        Assert.Equal(("answer 1", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
    }

    [Fact]
    public async Task A_backend_cannot_say_what_the_gateway_would_have_done()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("x", headers: "Idempotency-Status: forged\r\nIdempotent-Replayed: true\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, Observe);
        using var plain = await gateway.Client.PostAsync(null);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal(("would-refuse-key-missing", "observed"), (plain.Status(), first.Status()));
        Assert.False(plain.Headers.Contains("Idempotent-Replayed") || first.Headers.Contains("Idempotent-Replayed"));
    }

    private long Count(RequestOutcome outcome)
    {
        var counts = Assert.Single(_gateway.Services.GetRequiredService<RequestFigures>().All);
        Assert.Equal(("pay", "observe"), (counts.Operation, counts.ModeName));
        return counts[outcome];
    }
}
