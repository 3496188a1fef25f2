using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>What the gateway answers by itself, without asking the backend.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private TestGateway _gateway = null!;

    public async Task InitializeAsync() => _gateway = await TestGateway.StartAsync(_backend.Address, """{ "MaxRequestBodySize": 1000 }""");

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_key_nothing_is_forwarded_and_the_answer_is_a_whole_problem()
    {
        using var answer = await _gateway.Client.PostAsync(null);
        await answer.ShouldBeAsync(400, "key-missing");
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("Idempotency-Key is missing", problem.GetProperty("title").GetString());
        Assert.Equal("/.well-known/idempotency#key-missing", problem.GetProperty("type").GetString());
        Assert.Equal("pay", problem.GetProperty("operation").GetString());
        Assert.False(problem.GetProperty("retryable").GetBoolean());
        Assert.Equal("</.well-known/idempotency>; rel=\"describedby\"", answer.Headers.GetValues("Link").Single());
        Assert.Equal("en", answer.Content.Headers.ContentLanguage.Single());
        Assert.False(answer.Headers.Contains("Idempotency-Key"));
        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task A_bad_key_is_refused_and_not_echoed()
    {
        using var answer = await _gateway.Client.PostAsync("a\tb");
        await answer.ShouldBeAsync(400, "key-invalid");
        Assert.False(answer.Headers.Contains("Idempotency-Key"));
        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task Two_key_headers_are_refused()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.SendAsync(RawClient.Post("/p", "a", "{}", "Idempotency-Key: b\r\n"));
        Assert.Contains("key-invalid", (await client.ReadAnswerAsync()).Body, StringComparison.Ordinal);
        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task Another_body_path_query_method_or_type_under_the_same_key_is_422_and_says_where()
    {
        using var first = await _gateway.Client.PostAsync("k");
        Assert.Equal("ran", await first.Content.ReadAsStringAsync());

        using var body = await _gateway.Client.PostAsync("k", """{"amount":49.91,"currency":"EUR"}""");
        using var path = await _gateway.Client.PostAsync("k", path: "/payments/2/confirm");
        using var query = await _gateway.Client.PostAsync("k", path: "/payments/1/confirm?x=1");
        using var type = await _gateway.Client.SendAsync(Requests.Post("k", type: "application/vnd.x+json"));
        var patch = Requests.Post("k");
        patch.Method = HttpMethod.Patch;
        using var method = await _gateway.Client.SendAsync(patch);

        foreach (var (answer, part) in new[] { (body, "body"), (path, "request line"), (query, "request line"), (type, "headers"), (method, "request line") })
        {
            await answer.ShouldBeAsync(422, "key-reused");
            var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal([part], problem.GetProperty("differs").EnumerateArray().Select(element => element.GetString()));
        }

        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task The_same_JSON_in_another_spelling_is_the_same_request()
    {
        using var first = await _gateway.Client.PostAsync("k");
        using var retry = await _gateway.Client.PostAsync("\"k\"", """{ "currency" : "\u0045UR", "amount" : 4.99e1 }""");
        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_announced_or_counted_and_leaves_no_record()
    {
        using var announced = await _gateway.Client.PostAsync("k", new string('x', 1001));
        await announced.ShouldBeAsync(413, "body-too-large");

        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.SendAsync($"POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{new string('x', 1001)}\r\n0\r\n\r\n");
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.Empty(_backend.Requests);

        using var good = await _gateway.Client.PostAsync("k", new string('x', 1000));
        Assert.Equal((200, false), ((int)good.StatusCode, good.IsReplay()));
    }

    [Fact]
    public async Task A_refusal_before_the_body_does_not_pull_it()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.SendAsync("POST /p HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", (await client.ReadAnswerAsync()).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST")]
    [InlineData("POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: \u0000\r\nContent-Length: 0\r\n\r\n")]
    public async Task Broken_HTTP_never_reaches_the_backend_broken(string bytes)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.SendAsync(bytes);
        var (head, _) = await client.ReadAnswerAsync();
        Assert.All(_backend.Requests, request => Assert.Equal("0", request.Header("Content-Length")));
        Assert.Matches("^HTTP/1.1 (400|200) ", head);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_leaves_no_record()
    {
        // Many of them: whether the server or the read of the body hears of it first is a race.
        for (var i = 0; i < 400; i++)
        {
            using var client = await RawClient.ConnectAsync(_gateway.Address);
            await client.SendAsync("POST /p HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\nhalf");
            client.Reset();
        }

        using var other = await _gateway.Client.PostAsync("k", new string('y', 100), "/p");
        Assert.Equal(200, (int)other.StatusCode);
        Assert.Single(_backend.Requests);
        Assert.DoesNotContain(_gateway.Log.Entries, entry => entry.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task A_POST_that_offers_an_upgrade_is_protected_like_any_other()
    {
        // Java's HttpClient offers h2c on each of its first requests.
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        const string upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";
        await client.SendAsync(RawClient.Post("/p", "k", "{}", upgrade));
        Assert.Equal("ran", (await client.ReadAnswerAsync()).Body);
        await client.SendAsync(RawClient.Post("/p", "k", "{}", upgrade));
        Assert.Contains("Idempotent-Replayed: true", (await client.ReadAnswerAsync()).Head, StringComparison.Ordinal);
        Assert.Single(_backend.Requests);
    }
}
