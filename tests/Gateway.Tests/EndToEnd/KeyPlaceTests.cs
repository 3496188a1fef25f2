using System.Globalization;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.EndToEnd;

/// <summary>Keys in other headers than <c>Idempotency-Key</c>, and in the body.</summary>
public sealed class KeyPlaceTests : IAsyncLifetime
{
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private TestGateway? _gateway;

    [Fact]
    public async Task A_key_in_an_alias_is_the_same_key_and_is_echoed_where_it_stood()
    {
        await StartAsync(""" "Aliases": [ "X-Idempotency-Key", "PayPal-Request-Id" ] """);
        using var first = await SendAsync(null, ("PayPal-Request-Id", "k"));
        using var retry = await SendAsync("k");
        using var again = await SendAsync(null, ("X-Idempotency-Key", "\"k\""));

        Assert.Equal((false, true, true), (first.IsReplay(), retry.IsReplay(), again.IsReplay()));
        Assert.Equal("k", first.Headers.GetValues("PayPal-Request-Id").Single());
        Assert.False(first.Headers.Contains("Idempotency-Key"));
        Assert.Equal("\"k\"", again.Headers.GetValues("X-Idempotency-Key").Single());
        Assert.False(again.Headers.Contains("PayPal-Request-Id"));
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task Two_headers_with_one_key_are_one_key_and_with_two_keys_are_none()
    {
        await StartAsync(""" "Aliases": [ "X-Idempotency-Key" ] """);
        using var same = await SendAsync("\"k\"", ("X-Idempotency-Key", "k"));
        Assert.Equal(200, (int)same.StatusCode);
        using var two = await SendAsync("k", ("X-Idempotency-Key", "l"));
        await two.ShouldBeAsync(400, "key-invalid");
        using var broken = await SendAsync("k", ("X-Idempotency-Key", "l\tl"));
        await broken.ShouldBeAsync(400, "key-invalid");
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task Without_an_echo_the_header_does_not_come_back()
    {
        await StartAsync(""" "Echo": false """);
        using var first = await SendAsync("k");
        using var replay = await SendAsync("k");
        using var reused = await SendAsync("k", body: "{}");
        Assert.All([first, replay, reused], answer => Assert.False(answer.Headers.Contains("Idempotency-Key")));
        Assert.True(replay.IsReplay());
    }

    [Fact]
    public async Task A_key_in_a_member_of_the_body_protects_and_the_body_arrives_whole()
    {
        await StartAsync(""" "Member": "/idempotency_key" """);
        const string body = """{ "amount": 1, "idempotency_key": "k" }""";
        using var first = await SendAsync(null, body);
        using var retry = await SendAsync(null, """{"idempotency_key":"k","amount":1.0}""");
        using var reused = await SendAsync(null, """{"idempotency_key":"k","amount":2}""");

        Assert.Equal((200, false, true), ((int)first.StatusCode, first.IsReplay(), retry.IsReplay()));
        await reused.ShouldBeAsync(422, "key-reused");
        Assert.False(first.Headers.Contains("Idempotency-Key"));
        Assert.Equal(body, System.Text.Encoding.UTF8.GetString(Assert.Single(_backend.Requests).Body));
    }

    [Fact]
    public async Task A_header_goes_before_the_member()
    {
        await StartAsync(""" "Member": "/idempotency_key" """);
        using var first = await SendAsync("h", """{"idempotency_key":"m"}""");
        using var other = await SendAsync(null, """{"idempotency_key":"m"}""");
        Assert.False(other.IsReplay());
        Assert.Equal(2, _backend.Requests.Count);
    }

    [Theory]
    [InlineData("""{"meta":{"key":"k"}}""", null)]
    [InlineData("""{"meta":{"key":null}}""", "key-missing")]
    [InlineData("""{"meta":{}}""", "key-missing")]
    [InlineData("""{"meta":[{"key":"k"}]}""", "key-missing")]
    [InlineData("""{"key":"k"}""", "key-missing")]
    [InlineData("""{"meta":{"key":"k"}""", "key-missing")]
    [InlineData("""{"meta":{"key":"k"}} {}""", "key-missing")]
    [InlineData("", "key-missing")]
    [InlineData("[]", "key-missing")]
    [InlineData("""{"meta":{"key":7}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":{"key":"k"}}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":""}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":"a b"}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":"\ud800"}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":"k","key":"l"}}""", "key-invalid")]
    [InlineData("""{"meta":{"key":"k"},"meta":{"key":"l"}}""", "key-invalid")]
    public async Task Only_a_whole_document_with_one_string_there_has_a_key(string body, string? code)
    {
        await StartAsync(""" "Member": "/meta/key" """);
        using var answer = await SendAsync(null, body);
        if (code is null)
        {
            Assert.Equal(200, (int)answer.StatusCode);
        }
        else
        {
            await answer.ShouldBeAsync(400, code);
            Assert.Empty(_backend.Requests);
        }
    }

    [Fact]
    public async Task A_body_without_the_optional_member_is_forwarded_whole_and_unprotected()
    {
        await StartAsync(""" "Member": "/idempotency_key", "Required": false """);
        for (var i = 0; i < 2; i++)
        {
            using var answer = await SendAsync(null);
            Assert.Equal((200, false), ((int)answer.StatusCode, answer.IsReplay()));
        }

        Assert.All(_backend.Requests, request => Assert.Equal(Requests.Payment, System.Text.Encoding.UTF8.GetString(request.Body)));
        Assert.Equal(2, _backend.Requests.Count);
    }

    [Fact]
    public async Task Repeatable_requests_are_accepted_once_and_told_so()
    {
        await StartAsync(""" "Header": "Repeatability-Request-ID" """);
        var now = DateTimeOffset.UtcNow;
        using var first = await RepeatAsync("id-1", now);
        using var retry = await RepeatAsync("id-1", now);
        using var other = await RepeatAsync("id-1", now, "{}");

        Assert.Equal((false, true), (first.IsReplay(), retry.IsReplay()));
        Assert.Equal(["accepted", "accepted", "rejected"], ((HttpResponseMessage[])[first, retry, other]).Select(Result));
        await other.ShouldBeAsync(422, "key-reused");
        Assert.Single(_backend.Requests);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2026-11-25T05:46:16Z")]
    [InlineData("Wednesday, 25-Nov-26 05:46:16 GMT")]
    [InlineData("Wed, 25 Nov 2026 05:46:16 +0100")]
    public async Task Repeatable_requests_need_the_date_of_their_first_sending(string? date)
    {
        await StartAsync(""" "Aliases": [ "Repeatability-Request-ID" ] """);
        using var answer = await (date is null ? SendAsync(null, ("Repeatability-Request-ID", "id")) : SendAsync(null, ("Repeatability-Request-ID", "id"), ("Repeatability-First-Sent", date)));
        await answer.ShouldBeAsync(400, "key-invalid");
        Assert.Equal("rejected", Result(answer));
        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task Repeatable_requests_are_not_run_once_their_record_may_have_ended()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 25, 5, 46, 16, TimeSpan.Zero));
        await StartAsync(""" "Header": "Repeatability-Request-ID" """, builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var sent = clock.GetUtcNow();
        using var first = await RepeatAsync("id", sent);
        clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(5));
        using var inTime = await RepeatAsync("id", sent);
        clock.Advance(TimeSpan.FromSeconds(2));
        using var late = await RepeatAsync("id", sent);
        using var unseen = await RepeatAsync("never-seen", sent);
        using var ahead = await RepeatAsync("ahead", clock.GetUtcNow() + TimeSpan.FromMinutes(6));

        Assert.True(inTime.IsReplay());
        await late.ShouldBeAsync(412, "repeatability-expired");
        await unseen.ShouldBeAsync(412, "repeatability-expired");
        await ahead.ShouldBeAsync(400, "key-invalid");
        Assert.Equal("rejected", Result(unseen));
        Assert.Single(_backend.Requests);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _backend.DisposeAsync();
    }

    private static string Result(HttpResponseMessage answer) => answer.Headers.GetValues("Repeatability-Result").Single();

    private async Task StartAsync(string key, Action<WebApplicationBuilder>? configure = null) =>
        _gateway = await TestGateway.StartAsync(_backend.Address, $$"""{ "Key": { {{key}} } }""", configure: configure);

    private Task<HttpResponseMessage> RepeatAsync(string id, DateTimeOffset sent, string body = Requests.Payment) =>
        SendAsync(null, body, ("Repeatability-Request-ID", id), ("Repeatability-First-Sent", sent.ToString("r", CultureInfo.InvariantCulture)));

    private Task<HttpResponseMessage> SendAsync(string? key, params (string Name, string Value)[] headers) => SendAsync(key, Requests.Payment, headers);

    private Task<HttpResponseMessage> SendAsync(string? key, string body, params (string Name, string Value)[] headers)
    {
        var request = Requests.Post(key, body);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _gateway!.Client.SendAsync(request).WithinLimit();
    }
}
