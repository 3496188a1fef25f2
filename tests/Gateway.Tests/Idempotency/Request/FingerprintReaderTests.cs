using System.Text;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

public sealed class FingerprintReaderTests
{
    private const string Payment = """{"currency":"EUR","amount":49.90,"items":[1,true,null]}""";

    [Fact]
    public async Task The_digests_do_not_drift()
    {
        var rules = new FingerprintRules { Headers = ["X-Tenant"] };

        var json = await ReadAsync(rules, body: Payment);
        var raw = await ReadAsync(rules, body: "amount=4990&currency=EUR", contentType: "application/x-www-form-urlencoded");
        var none = await ReadAsync(new FingerprintRules { Body = BodyReading.None });

        Assert.Equal("8b6b25654e2c66ee045457e5f90d6f30", Hex.Of(json.RequestLine));
        Assert.Equal("f13ce86e6061b4226ecdf9dca91886a0", Hex.Of(json.Headers));
        Assert.Equal("6801ff58e29c066f6d219a9f7ca15f6a", Hex.Of(json.Body));
        Assert.Equal("65f2b606f75ba2de9585e7d765bb5aea", Hex.Of(raw.Body));
        Assert.Equal("ca6c6588fa01171b200740344d354e85", Hex.Of(none.Body));
    }

    [Fact]
    public async Task The_same_request_has_the_same_fingerprint() => Assert.Equal(await ReadAsync(new()), await ReadAsync(new()));

    [Fact]
    public async Task Method_path_base_path_and_query_change_the_request_line_and_nothing_else()
    {
        var rules = new FingerprintRules();
        var first = await ReadAsync(rules);
        Fingerprint[] others =
        [
            await ReadAsync(rules, method: "PATCH"),
            await ReadAsync(rules, path: "/payments/43/confirm"),
            await ReadAsync(rules, path: "/Payments/42/confirm"),
            await ReadAsync(rules, path: "/payments/42/confirm/"),
            await ReadAsync(rules, query: "?dry=2"),
            await ReadAsync(rules, query: ""),
            await ReadAsync(rules, query: "?"),
            await ReadAsync(rules, query: "?dry=1&x"),
            await ReadAsync(rules, path: "/42/confirm", pathBase: "/payments"),
            await ReadAsync(rules, path: "/payments/42/confirm?dry=1", query: ""),
        ];

        Assert.All(others, other => Assert.Equal((first.Headers, first.Body), (other.Headers, other.Body)));
        AssertAllDiffer([first.RequestLine, .. others.Select(other => other.RequestLine)]);
    }

    [Fact]
    public async Task The_query_does_not_matter_where_the_policy_says_so()
    {
        var rules = new FingerprintRules { Query = false };

        Assert.Equal(await ReadAsync(rules, query: "?dry=1"), await ReadAsync(rules, query: "?at=noon"));
        Assert.Equal(await ReadAsync(rules, query: "?dry=1"), await ReadAsync(rules, query: ""));
        Assert.NotEqual(await ReadAsync(rules, path: "/a"), await ReadAsync(rules, path: "/b"));
        Assert.NotEqual(await ReadAsync(rules, query: ""), await ReadAsync(new FingerprintRules(), query: ""));
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"utf-8\"")]
    [InlineData("Application/JSON")]
    [InlineData(" application/json ; q=1")]
    [InlineData("application/json; boundary=abc")]
    public async Task Parameters_and_case_of_the_media_type_do_not_matter(string contentType) =>
        Assert.Equal(await ReadAsync(new()), await ReadAsync(new(), contentType: contentType));

    [Fact]
    public async Task A_fresh_boundary_changes_no_header()
    {
        var one = await ReadAsync(new(), contentType: "multipart/form-data; boundary=one");
        var other = await ReadAsync(new(), contentType: "multipart/form-data; boundary=other");

        Assert.Equal(one.Headers, other.Headers);
    }

    [Fact]
    public async Task The_media_type_matters()
    {
        var long1 = new string('a', 200) + "/1";
        var long2 = new string('a', 200) + "/2";

        AssertAllDiffer(
        [
            (await ReadAsync(new())).Headers,
            (await ReadAsync(new(), contentType: null)).Headers,
            (await ReadAsync(new(), contentType: "text/json")).Headers,
            (await ReadAsync(new(), contentType: "application/json-patch")).Headers,
            (await ReadAsync(new(), contentType: "multipart/form-data; boundary=a")).Headers,
            (await ReadAsync(new(), contentType: long1)).Headers,
            (await ReadAsync(new(), contentType: long2)).Headers,
        ]);
    }

    [Fact]
    public async Task Headers_that_nobody_chose_do_not_matter() => Assert.Equal(
        await ReadAsync(new FingerprintRules { Headers = ["X-Tenant"] }),
        await ReadAsync(
            new FingerprintRules { Headers = ["X-Tenant"] },
            headers:
            [
                ("X-Tenant", "acme"), ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ("User-Agent", "x"), ("Idempotency-Key", "k"), ("Authorization", "Bearer refreshed"), ("Accept", "*/*"),
            ]));

    [Fact]
    public async Task A_chosen_header_counts_value_by_value_and_changes_only_the_headers()
    {
        var rules = new FingerprintRules { Headers = ["X-A", "X-B"] };
        Fingerprint[] all =
        [
            await ReadAsync(rules, headers: []),
            await ReadAsync(rules, headers: [("X-A", "ab")]),
            await ReadAsync(rules, headers: [("X-A", "AB")]),
            await ReadAsync(rules, headers: [("X-A", "")]),
            await ReadAsync(rules, headers: [("X-B", "")]),
            await ReadAsync(rules, headers: [("X-B", "ab")]),
            await ReadAsync(rules, headers: [("X-A", "a"), ("X-B", "b")]),
            await ReadAsync(rules, headers: [("X-A", new StringValues(["a", "b"]))]),
            await ReadAsync(rules, headers: [("X-A", new StringValues(["b", "a"]))]),
            await ReadAsync(rules, headers: [("X-A", "a,b")]),
            await ReadAsync(rules, headers: [("X-A", new StringValues(["ab", ""]))]),
        ];

        AssertAllDiffer([.. all.Select(fingerprint => fingerprint.Headers)]);
        Assert.All(all, fingerprint => Assert.Equal((all[0].RequestLine, all[0].Body), (fingerprint.RequestLine, fingerprint.Body)));
    }

    [Fact]
    public async Task A_chosen_header_is_found_whatever_its_case() => Assert.Equal(
        await ReadAsync(new FingerprintRules { Headers = ["x-tenant"] }), await ReadAsync(new FingerprintRules { Headers = ["X-TENANT"] }));

    [Fact]
    public async Task The_body_changes_the_body_and_nothing_else()
    {
        var first = await ReadAsync(new());
        var other = await ReadAsync(new(), body: Payment.Replace("49.90", "49.91", StringComparison.Ordinal));

        Assert.Equal((first.RequestLine, first.Headers), (other.RequestLine, other.Headers));
        Assert.NotEqual(first.Body, other.Body);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("text/json")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("application/merge-patch+json")]
    [InlineData("application/vnd.api+JSON; ext=bulk")]
    public async Task A_json_media_type_is_read_as_json(string contentType) =>
        Assert.Equal(await BodyAsync("""{"a":1,"b":2}""", contentType), await BodyAsync("""{ "b": 2.0, "\u0061": 1 }""", contentType));

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("application/jsonp")]
    [InlineData("application/json+xml")]
    [InlineData("application/x-json")]
    [InlineData("text/plain; x=application/json")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Any_other_media_type_is_read_as_bytes(string? contentType)
    {
        Assert.NotEqual(await BodyAsync("""{"a":1}""", contentType), await BodyAsync("""{"a":1 }""", contentType));
        Assert.Equal(await RawAsync("""{"a":1}"""), await BodyAsync("""{"a":1}""", contentType));
    }

    [Fact]
    public async Task A_policy_may_read_every_body_as_json_or_as_bytes()
    {
        Assert.Equal(await BodyAsync("[1]", "text/plain", BodyReading.Json), await BodyAsync(" [ 1.0 ]", "text/plain", BodyReading.Json));
        Assert.NotEqual(await BodyAsync("[1]", "application/json", BodyReading.Raw), await BodyAsync("[1] ", "application/json", BodyReading.Raw));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""["\ud800"]""")]
    [InlineData("\uFEFF{}")]
    [InlineData("not json")]
    public async Task What_is_not_unambiguous_json_is_compared_as_bytes(string body)
    {
        Assert.Equal(await RawAsync(body), await BodyAsync(body, "application/json"));
        Assert.NotEqual(await BodyAsync(body, "application/json"), await BodyAsync(body + " ", "application/json"));
    }

    [Fact]
    public async Task What_is_not_json_is_compared_whole_whatever_the_pointers_say()
    {
        var rules = new FingerprintRules { Selection = Canonical.Selection(["/a"], ["/b"]) };

        Assert.NotEqual((await ReadAsync(rules, body: """{"a":1,"b":1,"b":1}""")).Body, (await ReadAsync(rules, body: """{"a":1,"b":1,"b":2}""")).Body);
    }

    [Fact]
    public async Task The_pointers_of_the_policy_are_followed()
    {
        var rules = new FingerprintRules { Selection = Canonical.Selection([], ["/at"]) };

        Assert.Equal(await ReadAsync(rules, body: """{"a":1,"at":1}"""), await ReadAsync(rules, body: """{"at":2,"a":1}"""));
        Assert.NotEqual(await ReadAsync(rules, body: """{"a":1,"at":1}"""), await ReadAsync(rules, body: """{"at":1,"a":2}"""));
    }

    [Fact]
    public async Task A_body_that_does_not_count_is_not_looked_at()
    {
        var rules = new FingerprintRules { Body = BodyReading.None };

        Assert.Equal(await ReadAsync(rules, body: Payment), await ReadAsync(rules, body: "{"));
        Assert.Equal(await ReadAsync(rules, body: Payment), await ReadAsync(rules, body: ""));
    }

    [Fact]
    public async Task Digests_of_different_readings_never_meet()
    {
        // The bytes that the canonicalizer makes of {} are themselves a body that can be sent.
        AssertAllDiffer(
        [
            await BodyAsync("{}", "application/json"),
            await RawAsync("{}"),
            await BodyAsync("{}", "application/json", BodyReading.None),
            await RawAsync(""),
        ]);
        Assert.NotEqual(await BodyAsync("null", "application/json"), await RawAsync("0"));
        Assert.NotEqual((await ReadAsync(new FingerprintRules { Selection = Canonical.Selection(["/x"], []) }, body: "{}")).Body, await RawAsync(""));
        Assert.NotEqual((await ReadAsync(new FingerprintRules { Selection = Canonical.Selection(["/x"], []) }, body: "{}")).Body, await BodyAsync("", null, BodyReading.None));
    }

    private static async Task<UInt128> RawAsync(string body) => (await Requests.BodyAsync(Encoding.UTF8.GetBytes(body))).RawDigest();

    private static async Task<UInt128> BodyAsync(string body, string? contentType, BodyReading reading = BodyReading.Auto) =>
        (await ReadAsync(new FingerprintRules { Body = reading }, body: body, contentType: contentType)).Body;

    private static async Task<Fingerprint> ReadAsync(
        FingerprintRules rules,
        string method = "POST",
        string pathBase = "",
        string path = "/payments/42/confirm",
        string query = "?dry=1",
        string? contentType = "application/json",
        string body = Payment,
        (string Name, StringValues Values)[]? headers = null)
    {
        var request = Requests.With(headers ?? [("X-Tenant", "acme")]);
        request.Method = method;
        request.PathBase = pathBase;
        request.Path = path;
        request.QueryString = new QueryString(query);
        request.ContentType = contentType;
        return FingerprintReader.Read(request, await Requests.BodyAsync(Encoding.UTF8.GetBytes(body)), rules);
    }

    private static void AssertAllDiffer(UInt128[] digests) => Assert.Equal(digests.Length, digests.Distinct().Count());
}
