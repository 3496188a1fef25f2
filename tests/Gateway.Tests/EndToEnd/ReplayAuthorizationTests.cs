using System.Net;
using Gateway.Tests.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>What is asked before a stored answer is given, and what of the refusal gets through.</summary>
public sealed class ReplayAuthorizationTests
{
    [Fact]
    public async Task A_refusal_with_too_large_a_body_comes_without_it_and_not_with_a_part_of_it()
    {
        await using var judge = RawBackend.Start((connection, _) => connection.AnswerAsync(new string('x', (64 << 10) + 1), "401 Unauthorized", "WWW-Authenticate: Bearer\r\nCache-Control: max-age=60\r\n"));
        await using var backend = Paid();
        await using var gateway = await TestGateway.StartAsync(backend.Address, $$"""{ "ReplayAuthorization": { "Url": "{{judge.Address}}" } }""");
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((HttpStatusCode.Unauthorized, "", "Bearer", "no-store"), (retry.StatusCode, await retry.Content.ReadAsStringAsync(), retry.Headers.WwwAuthenticate.ToString(), retry.Headers.CacheControl!.ToString()));
    }

    [Fact]
    public async Task Header_bytes_beyond_ASCII_go_along_as_they_came()
    {
        await using var judge = RawBackend.Start((connection, _) => connection.AnswerAsync(""));
        await using var backend = Paid();
        await using var gateway = await TestGateway.StartAsync(backend.Address, $$"""{ "ReplayAuthorization": { "Url": "{{judge.Address}}", "Headers": [ "Cookie" ] } }""");
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.Latin1 }) { BaseAddress = gateway.Address };
        for (var i = 0; i < 2; i++)
        {
            var request = Requests.Post("k");
            request.Headers.TryAddWithoutValidation("Cookie", "name=J\u00fcrgen");
            using var answer = await client.SendAsync(request).WithinLimit();
            Assert.Equal((HttpStatusCode.OK, i == 1), (answer.StatusCode, answer.IsReplay()));
        }

        Assert.Contains("Cookie: name=J", Assert.Single(judge.Requests).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "RetainBody": false }""", "response-not-retained")]
    public async Task Who_may_not_have_the_answer_does_not_hear_that_there_was_one(string policy, string code)
    {
        var isRevoked = true;
        await using var judge = RawBackend.Start((connection, _) => connection.AnswerAsync("", Volatile.Read(ref isRevoked) ? "401 Unauthorized" : "200 OK"));
        await using var backend = Paid();
        await using var gateway = await TestGateway.StartAsync(backend.Address, $$"""{ "ReplayAuthorization": { "Url": "{{judge.Address}}" }, {{policy.Trim()[1..^1]}} }""");
        using var first = await gateway.Client.PostAsync("k");
        using var revoked = await gateway.Client.PostAsync("k");
        Assert.Equal((HttpStatusCode.Unauthorized, ""), (revoked.StatusCode, await revoked.Content.ReadAsStringAsync()));
        Volatile.Write(ref isRevoked, false);
        using var allowed = await gateway.Client.PostAsync("k");
        await allowed.ShouldBeAsync(409, code);
    }

    [Fact]
    public async Task Who_only_observes_does_not_ask()
    {
        await using var judge = RawBackend.Start((connection, _) => connection.AnswerAsync("", "403 Forbidden"));
        await using var backend = Paid();
        await using var gateway = await TestGateway.StartAsync(backend.Address, $$"""{ "Mode": "Observe", "ReplayAuthorization": { "Url": "{{judge.Address}}" } }""");
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal((HttpStatusCode.OK, "would-replay", 2), (retry.StatusCode, retry.Status(), backend.Requests.Count));
        Assert.Empty(judge.Requests);
    }

    [Theory]
    [InlineData("""{ "Url": "http://u:planted@auth/" }""", "Url", "is not an http address without user and password.")]
    [InlineData("""{ "Url": "planted" }""", "Url", "is not an http address without user and password.")]
    [InlineData("""{ "Url": "http://auth/", "Headers": [ "X-Forwarded-For" ] }""", "Headers", "'X-Forwarded-For' is not the caller's to say.")]
    [InlineData("""{ "Url": "http://auth/", "Headers": [ "host" ] }""", "Headers", "'host' is not the caller's to say.")]
    public void What_cannot_be_asked_is_a_fault_that_repeats_no_password(string rules, string place, string problem)
    {
        var fault = Assert.Single(Settings.WithPolicy($"\"ReplayAuthorization\": {rules}").Faults);
        Assert.Equal(($"Idempotency:Policies:p:ReplayAuthorization:{place}", problem), (fault.Place, fault.Problem));
        Assert.DoesNotContain("planted", fault.ToString(), StringComparison.Ordinal);
    }

    private static RawBackend Paid() => RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
}
