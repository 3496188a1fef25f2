using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>What the gateway concludes from each way in which a backend can fail, and how often the backend saw the request.</summary>
public sealed class FaultTests
{
    private const string ShortDeadline = """{ "Deadline": "00:00:01" }""";

    public static TheoryData<string> LostAnswers => ["fin", "rst", "garbage", "half status line", "half headers", "half body", "half chunk", "headers too large", "rst in body", "an upgrade", "status 99"];

    [Theory]
    [MemberData(nameof(LostAnswers))]
    public async Task A_request_whose_answer_is_lost_is_unknown_and_never_runs_again(string fault)
    {
        await using var backend = RawBackend.Start((connection, _) => FailAsync(connection, fault));
        await using var gateway = await TestGateway.StartAsync(backend.Address);

        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        Assert.Equal("k", first.Headers.GetValues("Idempotency-Key").Single());
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Equal(await FirstSeenAsync(first), await FirstSeenAsync(retry));
        Assert.Single(backend.Requests);

        static async Task<string?> FirstSeenAsync(HttpResponseMessage answer) =>
            JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("firstSeen").GetString();
    }

    [Theory]
    [InlineData("silence")]
    [InlineData("silence after the head")]
    [InlineData("drip")]
    public async Task Past_the_deadline_the_outcome_is_unknown_however_busily_the_backend_drips(string fault)
    {
        await using var backend = RawBackend.Start((connection, _) => FailAsync(connection, fault));
        await using var gateway = await TestGateway.StartAsync(backend.Address, ShortDeadline);

        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(504, "outcome-unknown");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("POST", "Content-Length: 0\r\n")]
    [InlineData("POST", "")]
    [InlineData("PATCH", "")]
    public async Task A_request_without_a_body_is_sent_once_when_the_connection_ends_before_the_answer(string method, string headers)
    {
        // SocketsHttpHandler would send it four times: HOST-NOTES 4.
        await using var backend = RawBackend.Start((connection, _) => FailAsync(connection, "fin"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync($"{method} /payments HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\n{headers}\r\n");
        var (head, body) = await client.ReadAnswerAsync();

        Assert.StartsWith("HTTP/1.1 502 ", head, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"outcome-unknown\"", body, StringComparison.Ordinal);
        Assert.Single(backend.Requests);
        Assert.Equal("0", backend.Requests.Single().Header("Content-Length"));
    }

    [Fact]
    public async Task A_request_that_expects_100_continue_is_sent_once_and_without_the_expectation()
    {
        await using var backend = RawBackend.Start((connection, _) => FailAsync(connection, "fin"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync("POST /payments HTTP/1.1\r\nHost: g\r\nIdempotency-Key: k\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", (await client.ReadAnswerAsync()).Head, StringComparison.Ordinal);
        await client.SendAsync("hello");
        var (_, body) = await client.ReadAnswerAsync();

        Assert.Contains("\"code\":\"outcome-unknown\"", body, StringComparison.Ordinal);
        var seen = Assert.Single(backend.Requests);
        Assert.Null(seen.Header("Expect"));
        Assert.Equal("hello"u8.ToArray(), seen.Body);
    }

    [Fact]
    public async Task A_refused_connection_releases_the_key_and_the_retry_runs()
    {
        var port = FreePort();
        await using var gateway = await TestGateway.StartAsync($"http://127.0.0.1:{port}/");

        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(502, "upstream-unreachable");
        Assert.NotNull(refused.Headers.RetryAfter);

        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        var retry = gateway.Client.PostAsync("k");
        using var connection = new RawConnection(await listener.AcceptSocketAsync());
        await connection.ReadRequestAsync();
        await connection.AnswerAsync("paid");
        Assert.Equal("paid", await (await retry).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_releases_the_key()
    {
        await using var gateway = await TestGateway.StartAsync("http://no-such-host.invalid/");
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "upstream-unreachable");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(502, "upstream-unreachable");
    }

    [Fact]
    public async Task A_failed_TLS_handshake_releases_the_key()
    {
        await using var backend = RawBackend.StartRaw(async (connection, _) =>
        {
            await connection.Stream.ReadExactlyAsync(new byte[5]);
            await connection.SendAsync("HTTP/1.1 400 this is no TLS\r\n\r\n");
            connection.Close();
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address.Replace("http://", "https://", StringComparison.Ordinal));
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "upstream-unreachable");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(502, "upstream-unreachable");
    }

    [Fact]
    public async Task A_deadline_that_passes_in_the_queue_for_a_connection_releases_the_key()
    {
        await using var backend = RawBackend.Start((connection, _) => FailAsync(connection, "silence"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, ShortDeadline, cluster: """{ "HttpClient": { "MaxConnectionsPerServer": 1 } }""");

        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /open/blocks HTTP/1.1\r\nHost: g\r\n\r\n"); // unprotected: holds the only connection
        await backend.ArrivedAsync();
        using var queued = await gateway.Client.PostAsync("k");

        await queued.ShouldBeAsync(504, "upstream-unreachable");
        Assert.DoesNotContain(backend.Requests, request => request.Line.StartsWith("POST", StringComparison.Ordinal));
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(504, "upstream-unreachable");
    }

    [Fact]
    public async Task Accepted_and_reset_without_a_word_is_unknown()
    {
        // Nothing tells whether the bytes were read before the reset.
        await using var backend = RawBackend.StartRaw(async (connection, self) =>
        {
            var head = await connection.ReadHeadAsync();
            self.Record(new RawRequest(head!, []));
            connection.Reset();
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_whole_answer_counts_although_the_backend_never_read_the_body()
    {
        var large = new string('x', 500_000);
        await using var backend = RawBackend.StartRaw(async (connection, self) =>
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                self.Record(new RawRequest(head, []));
                await connection.AnswerAsync("no need", "200 OK");
                await connection.Stream.ReadExactlyAsync(new byte[large.Length]); // a server drains what it did not want
            }
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k", large);
        using var retry = await gateway.Client.PostAsync("k", large);
        Assert.Equal("no need", await first.Content.ReadAsStringAsync());
        Assert.True(retry.IsReplay());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Under_Retry_an_unknown_request_runs_again_and_its_answer_is_kept()
    {
        var calls = 0;
        await using var backend = RawBackend.Start((connection, _) => Interlocked.Increment(ref calls) == 1 ? FailAsync(connection, "fin") : connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "OutcomeUnknown": "Retry" }""");

        using var lost = await gateway.Client.PostAsync("k");
        await lost.ShouldBeAsync(502, "outcome-unknown");
        using var other = await gateway.Client.PostAsync("k", "{}");
        await other.ShouldBeAsync(422, "key-reused");
        using var second = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await second.Content.ReadAsStringAsync());
        using var third = await gateway.Client.PostAsync("k");
        Assert.True(third.IsReplay());
        Assert.Equal(2, calls);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task By_a_release_status_the_backend_says_that_it_did_not_act_and_the_retry_runs(int status)
    {
        var calls = 0;
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("b", Interlocked.Increment(ref calls) == 1 ? $"{status} Later" : "200 OK", "Retry-After: 7\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal(status, (int)first.StatusCode);
        Assert.Equal("b", await first.Content.ReadAsStringAsync());
        using var second = await gateway.Client.PostAsync("k");
        Assert.Equal(200, (int)second.StatusCode);
        Assert.False(second.IsReplay());
    }

    [Theory]
    [InlineData(502)]
    [InlineData(504)]
    public async Task Behind_another_proxys_502_or_504_the_outcome_is_unknown_and_the_first_client_gets_the_answer(int status)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("inner proxy", $"{status} Bad"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal((status, "inner proxy"), ((int)first.StatusCode, await first.Content.ReadAsStringAsync()));
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    [InlineData(500)]
    public async Task Any_other_status_is_an_answer_and_is_replayed(int status)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("as it is", $"{status} Whatever"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((status, "Whatever", true), ((int)retry.StatusCode, retry.ReasonPhrase, retry.IsReplay()));
        Assert.Equal("as it is", await retry.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task FailAsync(RawConnection connection, string fault)
    {
        switch (fault)
        {
            case "fin":
                connection.Close();
                break;
            case "rst":
                connection.Reset();
                break;
            case "garbage":
                await connection.SendAsync("what is HTTP?\r\n\r\n");
                connection.Close();
                break;
            case "half status line":
                await connection.SendAsync("HTTP/1.1 20");
                connection.Close();
                break;
            case "half headers":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Le");
                connection.Close();
                break;
            case "half body":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                connection.Close();
                break;
            case "half chunk":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
                connection.Close();
                break;
            case "headers too large":
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}\r\n\r\n");
                connection.Close();
                break;
            case "rst in body":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                connection.Reset();
                break;
            case "an upgrade":
                await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
                connection.Close();
                break;
            case "status 99":
                await connection.SendAsync("HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nhi");
                break;
            case "silence":
                await Task.Delay(Timeout.Infinite);
                break;
            case "silence after the head":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
                await Task.Delay(Timeout.Infinite);
                break;
            case "drip":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                while (true)
                {
                    await connection.SendAsync(".");
                    await Task.Delay(20);
                }

            default:
                throw new ArgumentException(fault);
        }
    }
}
