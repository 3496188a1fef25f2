using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>What YARP and ASP.NET Core offer keeps working on protected routes.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Requests_are_balanced_over_the_destinations_and_retries_are_not_forwarded()
    {
        await using var a = RawBackend.Start((connection, _) => connection.AnswerAsync("a"));
        await using var b = RawBackend.Start((connection, _) => connection.AnswerAsync("b"));
        await using var gateway = await TestGateway.StartAsync(a.Address, cluster: Cluster(a, b, """ "LoadBalancingPolicy": "RoundRobin" """));
        for (var i = 0; i < 8; i++)
        {
            using var first = await gateway.Client.PostAsync($"k{i}");
            using var retry = await gateway.Client.PostAsync($"k{i}");
            Assert.True(retry.IsReplay());
        }

        Assert.Equal((4, 4), (a.Requests.Count, b.Requests.Count));
    }

    [Fact]
    public async Task A_destination_that_fails_is_taken_out_by_passive_health_checks_and_none_left_is_503_with_the_key_free()
    {
        await using var dead = RawBackend.Start((connection, _) =>
        {
            connection.Close();
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(dead.Address, cluster: """
            {
              "HealthCheck": { "Passive": { "Enabled": true, "Policy": "TransportFailureRate" }, "AvailableDestinationsPolicy": "HealthyAndUnknown" },
              "Metadata": { "TransportFailureRateHealthPolicy.RateLimit": "0.1" }
            }
            """);
        for (var i = 0; i < 12; i++) // the policy wants ten tries before it judges
        {
            using var failed = await gateway.Client.PostAsync($"k{i}");
        }

        using var none = await Bounded.UntilAsync(() => gateway.Client.PostAsync("free"), answer => (int)answer.StatusCode == 503);
        await none.ShouldBeAsync(503, "upstream-unreachable");
    }

    [Fact]
    public async Task Session_affinity_sets_its_cookie_and_follows_it()
    {
        await using var a = RawBackend.Start((connection, _) => connection.AnswerAsync("a"));
        await using var b = RawBackend.Start((connection, _) => connection.AnswerAsync("b"));
        await using var gateway = await TestGateway.StartAsync(a.Address, cluster: Cluster(a, b, """ "LoadBalancingPolicy": "RoundRobin", "SessionAffinity": { "Enabled": true, "Policy": "HashCookie", "AffinityKeyName": ".aff" } """));
        using var first = await gateway.Client.PostAsync("k0");
        var cookie = first.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        var home = await first.Content.ReadAsStringAsync();
        for (var i = 1; i < 5; i++)
        {
            var request = Requests.Post($"k{i}");
            request.Headers.Add("Cookie", cookie);
            using var answer = await gateway.Client.SendAsync(request);
            Assert.Equal(home, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task The_routes_transforms_apply_to_the_request_to_the_answer_and_stay_in_the_replay()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ok", headers: "X-Internal: yes\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, route: """
            {
              "Transforms": [
                { "IdempotencyPolicy": "p" },
                { "PathPrefix": "/v1" },
                { "RequestHeader": "X-Via", "Set": "gateway" },
                { "ResponseHeader": "X-Added", "Append": "added" },
                { "ResponseHeaderRemove": "X-Internal" }
              ]
            }
            """);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        var seen = Assert.Single(backend.Requests);
        Assert.StartsWith("POST /v1/payments/1/confirm ", seen.Line, StringComparison.Ordinal);
        Assert.Equal("gateway", seen.Header("X-Via"));
        Assert.NotNull(seen.Header("X-Forwarded-For"));
        Assert.All([first, retry], answer =>
        {
            Assert.Equal("added", answer.Headers.GetValues("X-Added").Single());
            Assert.False(answer.Headers.Contains("X-Internal"));
        });
    }

    [Fact]
    public async Task A_response_transform_for_failures_applies_to_the_gateways_own_answer()
    {
        await using var backend = RawBackend.Start((connection, _) =>
        {
            connection.Close();
            return Task.CompletedTask;
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, route: """
            { "Transforms": [ { "IdempotencyPolicy": "p" }, { "ResponseHeader": "X-Always", "Set": "here", "When": "Always" } ] }
            """);
        using var lost = await gateway.Client.PostAsync("k");
        await lost.ShouldBeAsync(502, "outcome-unknown");
        Assert.Equal("here", lost.Headers.GetValues("X-Always").Single());
    }

    [Fact]
    public async Task A_routes_own_timeout_shortens_the_deadline()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        await using var gateway = await TestGateway.StartAsync(backend.Address, route: """{ "Timeout": "00:00:00.5" }""");
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(504, "outcome-unknown");
    }

    [Fact]
    public async Task A_clusters_activity_timeout_bounds_idle_time()
    {
        await using var backend = RawBackend.Start((_, _) => Task.Delay(Timeout.Infinite));
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: """{ "HttpRequest": { "ActivityTimeout": "00:00:00.5" } }""");
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(504, "outcome-unknown");
    }

    [Fact]
    public async Task A_routes_own_body_limit_counts_if_it_is_the_smaller_one()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ok"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, route: """{ "MaxRequestBodySize": 10 }""");
        using var answer = await gateway.Client.PostAsync("k");
        await answer.ShouldBeAsync(413, "body-too-large");
    }

    [Fact]
    public async Task Web_sockets_pass_through_a_protected_route()
    {
        await using var backend = RawBackend.StartRaw(async (connection, self) =>
        {
            var head = await connection.ReadHeadAsync();
            self.Record(new RawRequest(head!, []));
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello");
            await connection.Stream.ReadExactlyAsync(new byte[5]);
            await connection.SendAsync("world");
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Methods": [ "POST", "PATCH", "PUT", "DELETE" ] }""");
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /chat HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadOnlyAsync(), StringComparison.Ordinal);
        Assert.Equal("hello", await client.ReadExactlyAsync(5));
        await client.SendAsync("12345");
        Assert.Equal("world", await client.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task YARPs_forwarder_events_and_activities_come_from_protected_routes_too()
    {
        using var events = new ForwarderEventListener();
        var activities = new ConcurrentQueue<Activity>();
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Yarp.ReverseProxy",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(activityListener);
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ok"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, route: """{ "Match": { "Path": "/telemetry/{**all}" } }""");
        using var answer = await gateway.Client.PostAsync("k", path: "/telemetry/x");

        // Other tests run at the same time: this backend's address tells this test's events apart.
        Assert.Contains(events.Seen, e => e.Name == "ForwarderStart" && (string)e.Payload[0]! == backend.Address);
        foreach (var name in new[] { "ForwarderStop", "ForwarderStage", "ForwarderInvoke", "ContentTransferred" })
        {
            Assert.Contains(events.Seen, e => e.Name == name);
        }

        await Bounded.UntilAsync(() => Task.FromResult(activities.ToArray()), all => all.Any(activity => activity.Tags.Any(tag => tag is { Key: "proxy.route_id", Value: "pay" }) && activity.Status == ActivityStatusCode.Ok));
    }

    private static string Cluster(RawBackend a, RawBackend b, string more) =>
        $$"""{ "Destinations": { "a": { "Address": "{{a.Address}}" }, "b": { "Address": "{{b.Address}}" } }, {{more}} }""";

    private sealed class ForwarderEventListener : EventListener
    {
        public ConcurrentQueue<(string Name, object?[] Payload)> Seen { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Yarp.ReverseProxy")
            {
                EnableEvents(eventSource, EventLevel.Informational);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) => Seen?.Enqueue((eventData.EventName!, [.. eventData.Payload!]));
    }
}
