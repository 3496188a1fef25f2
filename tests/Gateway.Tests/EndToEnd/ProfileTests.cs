using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Each default of each profile, named after the section that asks for it.</summary>
public sealed class ProfileTests : IAsyncLifetime
{
    private const string Uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";

    private readonly TaskCompletionSource _hold = new();
    private int _runs;
    private string _status = "200 OK";
    private RawBackend? _backend;
    private TestGateway? _gateway;

    private HttpClient Client => _gateway!.Client;

    [Fact]
    public async Task Ietf_2_7_a_missing_key_is_400_a_reused_one_422_an_outstanding_one_409_as_problems()
    {
        await StartAsync("Ietf");
        using var missing = await Client.PostAsync(null);
        await missing.ShouldBeAsync(400, "key-missing");
        using var first = await Client.PostAsync("k");
        using var reused = await Client.PostAsync("k", "{}");
        await reused.ShouldBeAsync(422, "key-reused");
        using var outstanding = await WhileItRunsAsync("other");
        await outstanding.ShouldBeAsync(409, "in-progress");
    }

    [Fact]
    public async Task Ietf_2_6_an_error_is_kept_and_one_of_another_proxy_is_unknown()
    {
        await StartAsync("Ietf");
        await BackendAnswersAsync("500 Internal Server Error", "a");
        using var replay = await Client.PostAsync("a");
        Assert.Equal((500, true, 1), ((int)replay.StatusCode, replay.IsReplay(), _runs));
        await BackendAnswersAsync("502 Bad Gateway", "b");
        using var unknown = await Client.PostAsync("b");
        await unknown.ShouldBeAsync(409, "outcome-unknown");
    }

    [Theory]
    [InlineData("500 Internal Server Error")]
    [InlineData("502 Bad Gateway")]
    [InlineData("503 Service Unavailable")]
    [InlineData("504 Gateway Timeout")]
    public async Task Stripe_idempotent_requests_a_5xx_is_replayed(string status)
    {
        await StartAsync("Stripe");
        await BackendAnswersAsync(status, "k");
        using var replay = await Client.PostAsync("k");
        Assert.Equal(status[..3], $"{(int)replay.StatusCode}");
        Assert.True(replay.IsReplay());
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task Stripe_idempotent_requests_what_was_not_begun_is_not_kept()
    {
        await StartAsync("Stripe");
        await BackendAnswersAsync("429 Too Many Requests", "k");
        using var again = await Client.PostAsync("k");
        Assert.Equal((200, 2), ((int)again.StatusCode, _runs));
    }

    [Fact]
    public async Task Stripe_errors_other_parameters_are_400_idempotency_error_and_not_retried()
    {
        await StartAsync("Stripe");
        using var first = await Client.PostAsync("k");
        using var reused = await Client.PostAsync("k", "{}");
        await ShouldBeStripeAsync(reused, 400, "idempotency_error", "key_reused", "false");
    }

    [Fact]
    public async Task Stripe_error_low_level_a_concurrent_request_is_409_and_retried()
    {
        await StartAsync("Stripe");
        using var outstanding = await WhileItRunsAsync("k");
        await ShouldBeStripeAsync(outstanding, 409, "invalid_request_error", "idempotency_key_in_use", "true");
        Assert.NotNull(outstanding.Headers.RetryAfter);
    }

    [Fact]
    public async Task Stripe_error_low_level_a_409_whose_outcome_is_unknown_is_not_retried()
    {
        await StartAsync("Stripe", """ , "UnknownStatusCodes": [ 502 ] """);
        await BackendAnswersAsync("502 Bad Gateway", "k");
        using var unknown = await Client.PostAsync("k");
        await ShouldBeStripeAsync(unknown, 409, "invalid_request_error", "outcome_unknown", "false");
    }

    [Fact]
    public async Task Stripe_idempotent_requests_keys_are_optional_and_echoed_and_replays_marked()
    {
        await StartAsync("Stripe");
        using var keyless = await Client.PostAsync(null);
        Assert.Equal(200, (int)keyless.StatusCode);
        using var first = await Client.PostAsync("k");
        using var replay = await Client.PostAsync("k");
        Assert.Equal("k", replay.Headers.GetValues("Idempotency-Key").Single());
        Assert.True(replay.IsReplay());
    }

    [Fact]
    public async Task Acp_6_1_a_key_is_required()
    {
        await StartAsync("Acp");
        using var missing = await Client.PostAsync(null);
        await ShouldBeAcpAsync(missing, 400, "invalid_request", "idempotency_key_required");
    }

    [Fact]
    public async Task Acp_6_1_the_same_key_on_another_path_is_another_key()
    {
        await StartAsync("Acp");
        using var one = await Client.PostAsync("k", path: "/checkout_sessions/1");
        using var two = await Client.PostAsync("k", path: "/checkout_sessions/2");
        using var again = await Client.PostAsync("k", path: "/checkout_sessions/1");
        Assert.Equal((false, true, 2), (two.IsReplay(), again.IsReplay(), _runs));
    }

    [Fact]
    public async Task Acp_6_2_bodies_are_compared_as_json_and_headers_are_not()
    {
        await StartAsync("Acp");
        using var first = await Client.SendAsync(Requests.Post("k", """{"a":1.0,"b":[1,2]}"""));
        using var same = await Client.SendAsync(Requests.Post("k", """{ "b": [1, 2], "a": 1 }""", type: "application/vnd.acp+json"));
        Assert.True(same.IsReplay());
        foreach (var other in (string[])["""{"a":1,"b":[2,1]}""", """{"a":1,"b":[1,2],"c":null}"""])
        {
            using var answer = await Client.SendAsync(Requests.Post("k", other));
            await ShouldBeAcpAsync(answer, 422, "invalid_request", "idempotency_conflict");
        }
    }

    [Fact]
    public async Task Acp_6_4_a_request_in_flight_is_409_with_retry_after()
    {
        await StartAsync("Acp");
        using var outstanding = await WhileItRunsAsync("k");
        await ShouldBeAcpAsync(outstanding, 409, "invalid_request", "idempotency_in_flight");
        Assert.NotNull(outstanding.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("500 Internal Server Error")]
    [InlineData("502 Bad Gateway")]
    [InlineData("504 Gateway Timeout")]
    public async Task Acp_6_5_a_5xx_is_not_kept_and_a_retry_runs(string status)
    {
        await StartAsync("Acp");
        await BackendAnswersAsync(status, "k");
        using var again = await Client.PostAsync("k");
        Assert.Equal((200, false, 2), ((int)again.StatusCode, again.IsReplay(), _runs));
    }

    [Fact]
    public async Task Acp_6_3_a_4xx_is_replayed_with_its_status_and_marked()
    {
        await StartAsync("Acp");
        await BackendAnswersAsync("402 Payment Required", "k");
        using var replay = await Client.PostAsync("k");
        Assert.Equal((402, true, 1), ((int)replay.StatusCode, replay.IsReplay(), _runs));
        Assert.Equal("k", replay.Headers.GetValues("Idempotency-Key").Single());
    }

    [Fact]
    public async Task Ucp_signatures_replay_protection_a_key_has_at_least_128_bits()
    {
        await StartAsync("Ucp");
        using var weak = await Client.PostAsync("short-and-guessable"); // 19 characters
        await ShouldBeUcpAsync(weak, 400, "key_invalid");
        using var enough = await Client.PostAsync("0123456789abcdefghijkl"); // 22
        using var uuid = await Client.PostAsync(Uuid);
        Assert.Equal((200, 200), ((int)enough.StatusCode, (int)uuid.StatusCode));
    }

    [Fact]
    public async Task Ucp_signatures_payload_matching_the_raw_bytes_decide_and_another_body_is_409()
    {
        await StartAsync("Ucp");
        using var first = await Client.SendAsync(Requests.Post(Uuid, """{"a":1}"""));
        using var sameBytes = await Client.SendAsync(Requests.Post(Uuid, """{"a":1}""", type: "application/vnd.ucp+json"));
        Assert.True(sameBytes.IsReplay());
        using var sameMeaning = await Client.SendAsync(Requests.Post(Uuid, """{ "a": 1 }"""));
        await ShouldBeUcpAsync(sameMeaning, 409, "key_reused");
    }

    [Fact]
    public async Task Ucp_rest_openapi_the_header_is_required()
    {
        await StartAsync("Ucp");
        using var missing = await Client.PostAsync(null);
        await ShouldBeUcpAsync(missing, 400, "key_missing");
    }

    [Theory]
    [InlineData("Ietf")]
    [InlineData("Stripe")]
    [InlineData("Acp")]
    [InlineData("Ucp")]
    public async Task Under_every_profile_an_outcome_that_the_gateway_does_not_know_is_held(string profile)
    {
        await StartAsync(profile, """ , "UnknownStatusCodes": [ 502 ] """);
        await BackendAnswersAsync("502 Bad Gateway", Uuid);
        using var again = await Client.PostAsync(Uuid);
        Assert.Equal((409, 1), ((int)again.StatusCode, _runs));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _hold.TrySetResult();
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }
    }

    private static async Task ShouldBeStripeAsync(HttpResponseMessage answer, int status, string type, string code, string shouldRetry)
    {
        var error = (await ErrorAsync(answer, status, "error")).GetProperty("error");
        Assert.Equal(["type", "code", "message"], error.EnumerateObject().Select(member => member.Name));
        Assert.Equal((type, code), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal(shouldRetry, answer.Headers.GetValues("Stripe-Should-Retry").Single());
    }

    private static async Task ShouldBeAcpAsync(HttpResponseMessage answer, int status, string type, string code)
    {
        var error = await ErrorAsync(answer, status, "type", "code", "message");
        Assert.Equal((type, code), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
    }

    private static async Task ShouldBeUcpAsync(HttpResponseMessage answer, int status, string code) =>
        Assert.Equal(code, (await ErrorAsync(answer, status, "code", "content")).GetProperty("code").GetString());

    private static async Task<JsonElement> ErrorAsync(HttpResponseMessage answer, int status, params string[] members)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(((int)answer.StatusCode, "application/json"), (status, answer.Content.Headers.ContentType?.MediaType));
        var json = JsonDocument.Parse(text).RootElement;
        Assert.Equal(members, json.EnumerateObject().Select(member => member.Name));
        return json;
    }

    private async Task StartAsync(string profile, string more = "")
    {
        _backend = RawBackend.Start(async (connection, request) =>
        {
            if (request.Head.Contains("X-Hold", StringComparison.OrdinalIgnoreCase))
            {
                await _hold.Task;
            }

            Interlocked.Increment(ref _runs);
            await connection.AnswerAsync("answer", _status);
        });
        _gateway = await TestGateway.StartAsync(_backend.Address, $$"""{ "Profile": "{{profile}}" {{more}} }""");
    }

    /// <summary>The answer to a first request; later ones go well.</summary>
    private async Task BackendAnswersAsync(string status, string key)
    {
        (_status, var before) = (status, _status);
        using var answer = await Client.PostAsync(key);
        Assert.Equal(status[..3], $"{(int)answer.StatusCode}");
        _status = before;
    }

    /// <summary>The answer to a request whose first is held by the backend.</summary>
    private async Task<HttpResponseMessage> WhileItRunsAsync(string key)
    {
        var request = Requests.Post(key);
        request.Headers.Add("X-Hold", "1");
        var running = Client.SendAsync(request);
        await _backend!.ArrivedAsync();
        var outstanding = await Client.PostAsync(key);
        _hold.SetResult();
        using var first = await running.WithinLimit();
        Assert.Equal(200, (int)first.StatusCode);
        return outstanding;
    }
}
