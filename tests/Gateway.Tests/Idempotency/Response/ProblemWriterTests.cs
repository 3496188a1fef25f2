using System.Text.Json;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Tests.Idempotency.Response;

public sealed class ProblemWriterTests
{
    private static readonly DateTimeOffset FirstSeen = new(2026, 1, 2, 4, 4, 5, 678, TimeSpan.FromHours(1));

    /// <summary>Every answer that DESIGN section 4 names and this version gives: what it has to be. Made inside of each test, not before.</summary>
    private static Dictionary<string, (Problem Problem, int Status, string Code, bool Retryable, string? RetryAfter, string[] Extensions)> All => new()
    {
        ["key missing"] = (Problems.KeyMissing(new KeyRules()), 400, "key-missing", false, null, []),
        ["key invalid"] = (Problems.KeyInvalid(new KeyRules(), "it is empty"), 400, "key-invalid", false, null, []),
        ["actor missing"] = (Problems.ActorMissing(new ActorRules([new(ActorKind.Header, "Authorization")])), 400, "actor-missing", false, null, []),
        ["first sent too long ago"] = (Problems.RepeatabilityExpired(TimeSpan.FromHours(23)), 412, "repeatability-expired", false, null, []),
        ["body too large"] = (Problems.BodyTooLarge(1048576), 413, "body-too-large", false, null, []),
        ["store unavailable"] = (Problems.StoreUnavailable(), 503, "store-unavailable", true, "1", []),
        ["too many in flight"] = (Problems.TooManyInFlight(7), 503, "too-many-in-flight", true, "1", []),
        ["digest mismatch"] = (Problems.DigestMismatch(), 400, "digest-mismatch", false, null, []),
        ["no room"] = (Problems.BufferUnavailable(), 503, "buffer-unavailable", true, "1", []),
        ["not to be asked"] = (Problems.AuthorizationUnavailable(), 503, "authorization-unavailable", true, "1", []),
        ["too many keys"] = (Problems.QuotaExceeded(Answers.Policy, TimeSpan.FromMinutes(90)), 429, "quota-exceeded", true, "5400", []),
        ["key reused"] = (Problems.KeyReused(new Fingerprint(1, 2, 3), new Fingerprint(1, 2, 4)), 422, "key-reused", false, null, ["differs"]),
        ["in progress"] = (Problems.InProgress(TimeSpan.FromSeconds(29.5)), 409, "in-progress", true, "30", []),
        ["outcome unknown"] = (Problems.OutcomeUnknown(FirstSeen), 409, "outcome-unknown", false, null, ["firstSeen"]),
        ["outcome lost"] = (Problems.OutcomeLost(502, FirstSeen, OutcomeUnknownBehaviour.Hold), 502, "outcome-unknown", false, null, ["firstSeen"]),
        ["outcome lost late"] = (Problems.OutcomeLost(504, FirstSeen, OutcomeUnknownBehaviour.Hold), 504, "outcome-unknown", false, null, ["firstSeen"]),
        ["outcome lost, may retry"] = (Problems.OutcomeLost(504, FirstSeen, OutcomeUnknownBehaviour.Retry), 504, "outcome-unknown", true, null, ["firstSeen"]),
        ["unreachable"] = (Problems.UpstreamUnreachable(503), 503, "upstream-unreachable", true, "1", []),
        ["not retained"] = (Problems.ResponseNotRetained(Tombstone()), 409, "response-not-retained", false, null, ["originalStatus", "completedAt"]),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_problem_is_written_as_the_design_has_it(string name)
    {
        var (problem, status, code, retryable, retryAfter, extensions) = All[name];

        var (context, json) = await WriteAsync(problem);

        Assert.Equal(status, context.Response.StatusCode);
        Assert.Equal("application/problem+json", context.Response.ContentType);
        Assert.Equal("en", context.Response.Headers.ContentLanguage);
        Assert.Equal("</.well-known/idempotency>; rel=\"describedby\"", context.Response.Headers.Link);
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        Assert.Equal(retryAfter, context.Response.Headers.RetryAfter.FirstOrDefault());
        Assert.Equal(context.Response.Body.Length, context.Response.ContentLength);

        Assert.Equal(
            ["type", "title", "status", "detail", "code", "retryable", "operation", .. extensions], json.EnumerateObject().Select(member => member.Name));
        Assert.Equal($"/.well-known/idempotency#{code}", json.GetProperty("type").GetString());
        Assert.Equal(status, json.GetProperty("status").GetInt32());
        Assert.Equal(code, json.GetProperty("code").GetString());
        Assert.Equal(retryable, json.GetProperty("retryable").GetBoolean());
        Assert.Equal("confirm-payment", json.GetProperty("operation").GetString());
        Assert.NotEmpty(json.GetProperty("title").GetString()!);
        Assert.NotEmpty(json.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task A_missing_key_has_the_title_of_the_draft_and_says_what_to_send()
    {
        var (_, json) = await WriteAsync(Problems.KeyMissing(new KeyRules { Header = "X-Key", Format = KeyFormat.Uuid, MinLength = 36, MaxLength = 36 }));

        Assert.Equal("Idempotency-Key is missing", json.GetProperty("title").GetString());
        var detail = json.GetProperty("detail").GetString();
        Assert.Contains("X-Key", detail, StringComparison.Ordinal);
        Assert.Contains(KeyFormat.Uuid.Description, detail, StringComparison.Ordinal);
        Assert.Contains("36 to 36", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_key_says_which_header_and_which_rule()
    {
        var (_, json) = await WriteAsync(Problems.KeyInvalid(new KeyRules { Header = "X-Key" }, "its closing quote is missing"));

        Assert.Equal("The key in the header X-Key cannot be used: its closing quote is missing.", json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_missing_actor_names_every_value_that_would_do()
    {
        var rules = new ActorRules([new(ActorKind.Header, "Authorization"), new(ActorKind.Header, "X-Tenant"), new(ActorKind.Certificate, "")]);

        var (_, json) = await WriteAsync(Problems.ActorMissing(rules));

        Assert.Contains("Header:Authorization, Header:X-Tenant, Certificate.", json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_too_large_says_how_much_would_do()
    {
        var (_, json) = await WriteAsync(Problems.BodyTooLarge(12345));

        Assert.Contains("12345 bytes", json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9, 2, 3, "request line")]
    [InlineData(1, 9, 3, "headers")]
    [InlineData(1, 2, 9, "body")]
    [InlineData(9, 2, 9, "request line, body")]
    [InlineData(1, 9, 9, "headers, body")]
    [InlineData(9, 9, 3, "request line, headers")]
    [InlineData(9, 9, 9, "request line, headers, body")]
    public async Task A_reused_key_names_the_parts_that_differ_and_no_values(int line, int headers, int body, string parts)
    {
        var (_, json) = await WriteAsync(Problems.KeyReused(new Fingerprint(1, 2, 3), new Fingerprint((UInt128)line, (UInt128)headers, (UInt128)body)));

        Assert.Equal(parts.Split(", "), json.GetProperty("differs").EnumerateArray().Select(part => part.GetString()));
        Assert.Equal(
            $"This key belongs to another request; they differ in: {parts}. A new operation needs a new key.", json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Times_are_written_in_utc()
    {
        var (_, unknown) = await WriteAsync(Problems.OutcomeUnknown(FirstSeen));
        var (_, lost) = await WriteAsync(Problems.OutcomeLost(502, FirstSeen, OutcomeUnknownBehaviour.Hold));
        var (_, notRetained) = await WriteAsync(Problems.ResponseNotRetained(Tombstone()));

        Assert.Equal("2026-01-02T03:04:05.678Z", unknown.GetProperty("firstSeen").GetString());
        Assert.Equal("2026-01-02T03:04:05.678Z", lost.GetProperty("firstSeen").GetString());
        Assert.Equal("2026-01-02T03:04:05.678Z", notRetained.GetProperty("completedAt").GetString());
        Assert.Equal(201, notRetained.GetProperty("originalStatus").GetInt32());
    }

    [Fact]
    public async Task An_unknown_outcome_never_advises_another_key_and_a_retry_only_where_it_would_run()
    {
        var (_, hold) = await WriteAsync(Problems.OutcomeLost(502, FirstSeen, OutcomeUnknownBehaviour.Hold));
        var (_, retry) = await WriteAsync(Problems.OutcomeLost(502, FirstSeen, OutcomeUnknownBehaviour.Retry));
        var (_, later) = await WriteAsync(Problems.OutcomeUnknown(FirstSeen));

        Assert.Contains("Do not send it under another key", hold.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("Do not send it under another key", later.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("Retry with the same key", retry.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-5000, "1")]
    [InlineData(0, "1")]
    [InlineData(1, "1")]
    [InlineData(1000, "1")]
    [InlineData(1001, "2")]
    [InlineData(29_500, "30")]
    [InlineData(30_000, "30")]
    [InlineData(3_600_000, "3600")]
    public async Task Retry_after_is_in_whole_seconds_rounded_up_and_at_least_one(int milliseconds, string header)
    {
        var (context, _) = await WriteAsync(Problems.InProgress(TimeSpan.FromMilliseconds(milliseconds)));

        Assert.Equal(header, context.Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_problem_has_the_usual_reason_phrase_whatever_stood_there()
    {
        var context = Answers.Context(200, "Made");

        await new ProblemWriter("/spec").WriteAsync(context, Problems.StoreUnavailable(), "pay", ErrorFormat.Problem);

        Assert.Null(context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase);
        Assert.Equal("</spec>; rel=\"describedby\"", context.Response.Headers.Link);
    }

    private static AnswerRecord Tombstone() => AnswerRecord.Read(Answers.Pack(Answers.Context(201), [], kind: AnswerKind.Tombstone));

    private static async Task<(HttpContext Context, JsonElement Json)> WriteAsync(Problem problem)
    {
        var context = Answers.Context();
        await new ProblemWriter("/.well-known/idempotency").WriteAsync(context, problem, "confirm-payment", ErrorFormat.Problem);
        using var document = JsonDocument.Parse(((MemoryStream)context.Response.Body).ToArray());
        return (context, document.RootElement.Clone());
    }
}
