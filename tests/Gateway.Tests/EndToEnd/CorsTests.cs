using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>Pages of other origins, as their browsers ask: the preflight, the call, the retry.</summary>
public sealed class CorsTests
{
    private const string Shop = "https://shop.example";
    private const string Desk = "https://desk.example";

    [Fact]
    public async Task A_preflight_is_answered_with_the_key_header_without_a_key_and_without_the_backend()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("never"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address));
        using var answer = await PreflightAsync(gateway, Shop);
        Assert.Equal(
            (204, Shop, "600", "Content-Type,Idempotency-Key,Authorization"),
            ((int)answer.StatusCode, Header(answer, "Access-Control-Allow-Origin"), Header(answer, "Access-Control-Max-Age"), Header(answer, "Access-Control-Allow-Headers")));
        Assert.Contains("POST", Header(answer, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Equal("true", Header(answer, "Access-Control-Allow-Credentials"));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task So_is_one_on_a_route_that_takes_POST_alone()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("never"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address, """{ "CorsPolicy": "shop", "Match": { "Path": "/{**all}", "Methods": [ "POST" ] } }"""));
        using var answer = await PreflightAsync(gateway, Shop);
        Assert.Equal((204, Shop), ((int)answer.StatusCode, Header(answer, "Access-Control-Allow-Origin")));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_first_answer_its_replay_and_the_gateways_refusals_can_be_read_by_the_page_that_asked()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address));
        using var first = await PostAsync(gateway, "k", Shop);
        using var replay = await PostAsync(gateway, "k", Shop);
        using var reused = await PostAsync(gateway, "k", Shop, "{}");
        using var missing = await PostAsync(gateway, null, Shop);
        Assert.Equal([200, 200, 422, 400], new[] { first, replay, reused, missing }.Select(answer => (int)answer.StatusCode));
        Assert.Equal([false, true], new[] { first, replay }.Select(answer => answer.IsReplay()));
        Assert.All([first, replay, reused, missing], answer =>
        {
            Assert.Equal(Shop, Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal("Idempotent-Replayed,Idempotency-Status,Retry-After,Link,Idempotency-Key", Header(answer, "Access-Control-Expose-Headers"));
            Assert.Contains("Origin", Header(answer, "Vary"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_conflict_can_be_read_too()
    {
        var letGo = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(letGo.Task);
        await using var gateway = await TestGateway.StartAsync(File(backend.Address));
        var running = PostAsync(gateway, "k", Shop);
        await backend.ArrivedAsync();
        using var second = await PostAsync(gateway, "k", Shop);
        await second.ShouldBeAsync(409, "in-progress");
        Assert.Equal(Shop, Header(second, "Access-Control-Allow-Origin"));
        letGo.SetResult();
        using var first = await running;
    }

    [Fact]
    public async Task A_replay_to_another_allowed_origin_names_that_origin_once_whatever_the_backend_said()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(
            "paid", headers: "Access-Control-Allow-Origin: https://backend.example\r\nAccess-Control-Expose-Headers: X-Own\r\nVary: Accept\r\n"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address));
        foreach (var (origin, expected) in new[] { (Shop, Shop), (Desk, Desk), ("https://evil.example", null), (null, (string?)null) })
        {
            using var answer = await PostAsync(gateway, "k", origin);
            Assert.Equal((200, origin != Shop), ((int)answer.StatusCode, answer.IsReplay()));
            Assert.Equal(expected, Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal(expected is null ? "Accept" : "Accept, Origin", Header(answer, "Vary"));
            Assert.Equal(expected is null, Header(answer, "Access-Control-Expose-Headers") is null);
        }

        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task An_origin_that_is_not_listed_gets_no_leave()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address));
        using var preflight = await PreflightAsync(gateway, "https://evil.example");
        using var call = await PostAsync(gateway, "k", "https://evil.example");
        Assert.Equal((204, 200), ((int)preflight.StatusCode, (int)call.StatusCode));
        Assert.DoesNotContain(preflight.Headers.Concat(call.Headers), header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Without_a_policy_a_preflight_passes_to_the_backend_untouched_and_needs_no_key()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("", "204 No Content", "Access-Control-Allow-Origin: https://backend.example\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var answer = await PreflightAsync(gateway, Shop);
        Assert.Equal((204, "https://backend.example"), ((int)answer.StatusCode, Header(answer, "Access-Control-Allow-Origin")));
        var seen = Assert.Single(backend.Requests);
        Assert.Equal(("OPTIONS /payments/1/confirm HTTP/1.1", Shop, "POST"), (seen.Line, seen.Header("Origin"), seen.Header("Access-Control-Request-Method")));
    }

    [Fact]
    public async Task Without_a_policy_the_backends_own_headers_are_kept_and_replayed()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid", headers: "Access-Control-Allow-Origin: *\r\n"));
        var file = File(backend.Address, "{}");
        file["Cors"]!["Policies"]!["Default"] = JsonNode.Parse("""{ "Origins": [ "https://shop.example" ] }"""); // of those that name it, and of no other
        await using var gateway = await TestGateway.StartAsync(file);
        using var first = await PostAsync(gateway, "k", Shop);
        using var replay = await PostAsync(gateway, "k", Desk);
        Assert.True(replay.IsReplay());
        Assert.All([first, replay], answer => Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task Disable_refuses_preflights_and_lets_calls_pass()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(File(backend.Address, """{ "CorsPolicy": "Disable" }"""));
        using var preflight = await PreflightAsync(gateway, Shop);
        Assert.Equal((204, null), ((int)preflight.StatusCode, Header(preflight, "Access-Control-Allow-Origin")));
        Assert.Empty(backend.Requests);
        using var call = await PostAsync(gateway, "k", Shop);
        Assert.Equal((200, null), ((int)call.StatusCode, Header(call, "Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task Default_is_the_policy_of_that_name_and_any_header_may_be_any()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var file = File(backend.Address, """{ "CorsPolicy": "default" }""");
        file["Cors"] = JsonNode.Parse("""{ "Policies": { "Default": { "Origins": [ "*" ], "Headers": [ "*" ] } } }""");
        await using var gateway = await TestGateway.StartAsync(file);
        using var preflight = await PreflightAsync(gateway, "https://anybody.example");
        Assert.Equal(("*", "idempotency-key,x-any"), (Header(preflight, "Access-Control-Allow-Origin"), Header(preflight, "Access-Control-Allow-Headers")));
    }

    [Fact]
    public async Task A_reload_changes_what_pages_may_do_and_a_faulty_one_does_not()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var file = File(backend.Address);
        await using var gateway = await TestGateway.StartAsync(file);
        var state = gateway.Services.GetRequiredService<ConfigurationState>();
        file["Cors"]!["Policies"]!["shop"]!["Origins"] = new JsonArray("https://new.example");
        file["Cors"]!["Policies"]!["other"] = JsonNode.Parse("""{ "Origins": [ "https://other.example" ] }""");
        file["ReverseProxy"]!["Routes"]!["open"]!["CorsPolicy"] = "other";
        await System.IO.File.WriteAllTextAsync(gateway.RoutesPath, file.ToJsonString());
        using var renewed = await Bounded.UntilAsync(() => PreflightAsync(gateway, "https://new.example"), answer => Header(answer, "Access-Control-Allow-Origin") is not null);
        using var gone = await PreflightAsync(gateway, Shop);
        using var other = await PreflightAsync(gateway, "https://other.example", "/open/x");
        Assert.Equal((null, "https://other.example"), (Header(gone, "Access-Control-Allow-Origin"), Header(other, "Access-Control-Allow-Origin")));

        file["ReverseProxy"]!["Routes"]!["open"]!["CorsPolicy"] = "othr";
        file["Cors"]!["Policies"]!["shop"]!["Origins"] = new JsonArray(Shop);
        await System.IO.File.WriteAllTextAsync(gateway.RoutesPath, file.ToJsonString());
        var faults = await Bounded.UntilAsync(() => Task.FromResult(state.Current.Faults), faults => faults.Count > 0);
        Assert.Equal("ReverseProxy:Routes:open:CorsPolicy", Assert.Single(faults).Place);
        using var kept = await PreflightAsync(gateway, "https://new.example");
        Assert.Equal("https://new.example", Header(kept, "Access-Control-Allow-Origin"));
    }

    private static JsonObject File(string backend, string route = """{ "CorsPolicy": "shop" }""")
    {
        var file = Routes.File(backend, route: route);
        file["Cors"] = JsonNode.Parse($$"""{ "Policies": { "shop": { "Origins": [ "{{Shop}}", "{{Desk}}" ], "Headers": [ "Authorization" ], "Credentials": true } } }""");
        return file;
    }

    private static Task<HttpResponseMessage> PreflightAsync(TestGateway gateway, string origin, string path = "/payments/1/confirm")
    {
        var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "idempotency-key,x-any");
        return gateway.Client.SendAsync(request).WithinLimit();
    }

    private static Task<HttpResponseMessage> PostAsync(TestGateway gateway, string? key, string? origin, string body = Requests.Payment)
    {
        var request = Requests.Post(key, body);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return gateway.Client.SendAsync(request).WithinLimit();
    }

    /// <summary>All its lines: one value that came in two is seen.</summary>
    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
