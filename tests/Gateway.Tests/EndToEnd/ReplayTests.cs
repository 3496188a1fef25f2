using System.Net;
using System.Text;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.EndToEnd;

/// <summary>A replay is the first answer: status, reason, headers, bytes, trailers.</summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task A_retry_gets_the_first_answer_byte_for_byte_and_the_backend_runs_once(string store)
    {
        using var backend = WireMockServer.Start();
        var bytes = Enumerable.Range(0, 4096).Select(i => (byte)i).ToArray();
        backend.Given(Request.Create().WithPath("/*").UsingPost()).RespondWith(Response.Create().WithStatusCode(201).WithBody(bytes)
            .WithHeader("Content-Type", "application/octet-stream").WithHeader("Location", "/payments/1").WithHeader("ETag", "\"v1\"")
            .WithHeader("Link", "</a>; rel=a", "</b>; rel=b").WithHeader("Set-Cookie", "session=secret"));
        await using var gateway = await TestGateway.StartAsync(backend.Url!, store: store);

        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");

        Assert.False(first.IsReplay());
        Assert.True(retry.IsReplay());
        Assert.Single(backend.LogEntries);
        foreach (var answer in new[] { first, retry })
        {
            Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
            Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal("/payments/1", answer.Headers.Location!.ToString());
            Assert.Equal("\"v1\"", answer.Headers.ETag!.Tag);
            Assert.Equal(["</a>; rel=a", "</b>; rel=b"], answer.Headers.GetValues("Link").SelectMany(value => value.Split(", ")));
            Assert.Equal("k", answer.Headers.GetValues("Idempotency-Key").Single());
            Assert.NotNull(answer.Headers.Date);
        }

        Assert.Contains("session=secret", first.Headers.GetValues("Set-Cookie"));
        Assert.False(retry.Headers.Contains("Set-Cookie"), "a cookie belongs to one caller's one session");
    }

    [Fact]
    public async Task On_the_wire_a_replay_differs_from_the_first_answer_by_its_marker_and_date_alone()
    {
        const string answer = "HTTP/1.1 299 Paid Twice Over\r\nX-Multi: a\r\nX-Multi: b\r\nx-case: Kept\r\nX-Latin: caf\u00e9\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: Old/1.0\r\nContent-Length: 5\r\n\r\n\u0000\u00ffabc";
        await using var backend = RawBackend.Start((connection, _) => connection.SendAsync(answer));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync(RawClient.Post("/p", "k", "{}"));
        var first = await client.ReadAnswerAsync();
        await client.SendAsync(RawClient.Post("/p", "\"k\"", "{}"));
        var retry = await client.ReadAnswerAsync();

        Assert.StartsWith("HTTP/1.1 299 Paid Twice Over\r\n", retry.Head, StringComparison.Ordinal);
        Assert.Equal("\u0000\u00ffabc", retry.Body);
        Assert.Equal(first.Body, retry.Body);
        Assert.Contains("X-Latin: caf\u00e9\r\n", retry.Head, StringComparison.Ordinal);
        Assert.Equal(Comparable(first.Head), Comparable(retry.Head));

        static string[] Comparable(string head) => [.. head.Split("\r\n")
            .Where(line => !line.StartsWith("Date:", StringComparison.Ordinal) && !line.StartsWith("Server:", StringComparison.Ordinal)
                && !line.StartsWith("Idempotent", StringComparison.Ordinal) && !line.StartsWith("Idempotency-Key:", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\nContent-Length: 12345\r\n\r\n", 304)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok", 202)]
    public async Task Answers_without_a_body_and_in_chunks_come_and_replay_right_and_the_connection_lives_on(string answer, int status)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.SendAsync(answer));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var seen = new List<(string Head, string Body)>();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(RawClient.Post("/p", "k", "{}"));
            var (head, body) = status == 304 ? (await client.ReadHeadOnlyAsync(), "") : await client.ReadAnswerAsync();
            Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
            seen.Add((head, body));
        }

        Assert.Equal(seen[0].Body, seen[1].Body);
        Assert.Equal(seen[0].Body, seen[2].Body);
        Assert.Equal(status == 304, seen[1].Head.Contains("Content-Length: 12345", StringComparison.Ordinal));
        Assert.Contains("Idempotent-Replayed: true", seen[1].Head, StringComparison.Ordinal);
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task The_request_reaches_the_backend_as_it_was_sent_chunked_or_not()
    {
        var body = string.Concat(Enumerable.Range(0, 9000).Select(i => (char)(i % 256)));
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ok"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var client = await RawClient.ConnectAsync(gateway.Address);

        await client.SendAsync("PATCH /a%20b/c%3Bd?x=1&y=%C3%A4 HTTP/1.1\r\nHost: g\r\nIdempotency-Key: \"k\"\r\nX-Latin: caf\u00e9\r\nContent-Type: text/plain\r\nContent-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var part in new[] { body[..1], body[1..5000], body[5000..] })
        {
            await client.SendAsync($"{part.Length:x}\r\n{part}\r\n");
        }

        await client.SendAsync("0\r\n\r\n");
        await client.ReadAnswerAsync();

        var seen = Assert.Single(backend.Requests);
        Assert.Equal("PATCH /a%20b/c;d?x=1&y=%C3%A4 HTTP/1.1", seen.Line);
        Assert.Equal(Encoding.Latin1.GetBytes(body), seen.Body);
        Assert.Equal("\"k\"", seen.Header("Idempotency-Key"));
        Assert.Equal("caf\u00e9", seen.Header("X-Latin"));
        Assert.Equal("text/plain", seen.Header("Content-Type"));
        Assert.Equal("identity", seen.Header("Content-Encoding"));
        Assert.Equal("9000", seen.Header("Content-Length"));
    }

    [Fact]
    public async Task Trailers_of_an_HTTP_2_backend_reach_HTTP_2_clients_first_and_on_replay()
    {
        await using var backend = await TrailersBackend();
        await using var gateway = await TestGateway.StartAsync(
            backend.Urls.First(), protocols: HttpProtocols.Http2, cluster: """{ "HttpRequest": { "Version": "2", "VersionPolicy": "RequestVersionExact" } }""");
        using var client = gateway.NewClient(HttpVersion.Version20);

        using var first = await client.PostAsync("k");
        using var retry = await client.PostAsync("k");
        foreach (var answer in new[] { first, retry })
        {
            Assert.Equal("body", await answer.Content.ReadAsStringAsync());
            Assert.Equal("sum-1", answer.TrailingHeaders.GetValues("X-Checksum").Single());
        }

        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task Trailers_that_an_HTTP_1_client_could_not_get_are_there_for_the_retry_over_HTTP_2()
    {
        await using var backend = await TrailersBackend();
        var cluster = """{ "HttpRequest": { "Version": "2", "VersionPolicy": "RequestVersionExact" } }""";
        var folder = Directory.CreateTempSubdirectory("gateway-test-");
        try
        {
            // Two gateways on one store: the one speaks HTTP/1.1 to its clients, the other HTTP/2.
            var shared = $$"""{ "Stores": { "Sqlite": { "Path": "{{folder.FullName}}/shared.db" } } }""";
            await using var one = await TestGateway.StartAsync(backend.Urls.First(), cluster: cluster, idempotency: shared, store: "Sqlite");
            await using var two = await TestGateway.StartAsync(backend.Urls.First(), cluster: cluster, idempotency: shared, store: "Sqlite", protocols: HttpProtocols.Http2);
            using var client = two.NewClient(HttpVersion.Version20);
            using var first = await one.Client.PostAsync("k");
            Assert.Equal("body", await first.Content.ReadAsStringAsync());
            using var retry = await client.PostAsync("k");
            Assert.True(retry.IsReplay());
            Assert.Equal("body", await retry.Content.ReadAsStringAsync());
            Assert.Equal("sum-1", retry.TrailingHeaders.GetValues("X-Checksum").Single());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_request_over_HTTP_2_is_protected_like_any_other()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, protocols: HttpProtocols.Http2);
        using var client = gateway.NewClient(HttpVersion.Version20);
        using var first = await client.PostAsync("k");
        using var retry = await client.PostAsync("k");
        Assert.Equal("paid", await retry.Content.ReadAsStringAsync());
        Assert.True(retry.IsReplay());
        using var missing = await client.PostAsync(null);
        await missing.ShouldBeAsync(400, "key-missing");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_compressed_answer_stays_compressed_as_it_was()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("\u001f\u008b not really", headers: "Content-Encoding: gzip\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal("gzip", retry.Content.Headers.ContentEncoding.Single());
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await retry.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Excluded_response_headers_reach_the_first_client_only()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("x", headers: "X-Token: secret\r\nX-Other: 1\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "ExcludedResponseHeaders": [ "x-token" ] }""");
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal("secret", first.Headers.GetValues("X-Token").Single());
        Assert.False(retry.Headers.Contains("X-Token"));
        Assert.True(retry.Headers.Contains("X-Other"));
    }

    [Fact]
    public async Task A_backend_cannot_speak_in_the_gateways_name()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("x", headers: "Idempotent-Replayed: true\r\nIdempotency-Status: unprotected\r\nIdempotency-Key: other\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((false, true), (first.IsReplay(), retry.IsReplay()));
        Assert.All([first, retry], answer =>
        {
            Assert.Null(answer.Status());
            Assert.Equal("k", answer.Headers.GetValues("Idempotency-Key").Single());
        });
    }

    [Fact]
    public async Task Headers_that_Connection_names_end_at_the_gateway()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("x", headers: "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-End: 1\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.All([first, retry], answer => Assert.Equal((false, true), (answer.Headers.Contains("X-Hop"), answer.Headers.Contains("X-End"))));
    }

    [Fact]
    public async Task An_answer_that_came_whole_is_kept_and_given_although_something_behind_the_forwarder_throws()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(
            Routes.File(backend.Address, cluster: """{ "HealthCheck": { "Passive": { "Enabled": true, "Policy": "Throws" } } }"""),
            configure: builder => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton<IPassiveHealthCheckPolicy, ThrowingHealthPolicy>(builder.Services));
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        Assert.True(retry.IsReplay());
        Assert.True(gateway.Log.Has("PipelineFailed"));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task Another_actor_another_operation_and_another_key_are_other_records()
    {
        var calls = 0;
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref calls)}"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Actor": [ "Header:Authorization" ] }""");
        Assert.Equal("run 1", await SendAsync("k", "alice"));
        Assert.Equal("run 2", await SendAsync("k", "bob"));
        Assert.Equal("run 3", await SendAsync("k2", "alice"));
        Assert.Equal("run 1", await SendAsync("k", "alice"));
        using var nobody = await gateway.Client.PostAsync("k");
        await nobody.ShouldBeAsync(400, "actor-missing");

        async Task<string> SendAsync(string key, string actor)
        {
            var request = Requests.Post(key);
            request.Headers.TryAddWithoutValidation("Authorization", actor);
            using var response = await gateway.Client.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task What_the_policy_does_not_cover_is_plain_YARP()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ok"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Key": { "Required": false } }""");
        using var get = await gateway.Client.GetAsync(new Uri("/payments", UriKind.Relative));
        using var open = await gateway.Client.PostAsync("k", path: "/open/x");
        using var openAgain = await gateway.Client.PostAsync("k", path: "/open/x");
        using var keyless = await gateway.Client.PostAsync(null);
        using var keylessAgain = await gateway.Client.PostAsync(null);
        Assert.All([get, open, openAgain, keyless, keylessAgain], answer => Assert.Equal((200, false), ((int)answer.StatusCode, answer.IsReplay())));
        Assert.Equal(5, backend.Requests.Count);
    }

    private sealed class ThrowingHealthPolicy : IPassiveHealthCheckPolicy
    {
        public string Name => "Throws";

        public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination) => throw new InvalidOperationException("by the test");
    }

    private static async Task<WebApplication> TrailersBackend()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.DeclareTrailer("X-Checksum");
            await context.Response.WriteAsync("body");
            context.Response.AppendTrailer("X-Checksum", "sum-1");
        });
        await app.StartAsync();
        return app;
    }
}
