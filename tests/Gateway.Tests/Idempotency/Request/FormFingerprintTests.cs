using System.Text;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>What makes two forms the same: <c>multipart/form-data</c> and <c>application/x-www-form-urlencoded</c>; and what a coding and a digest do.</summary>
public sealed class FormFingerprintTests
{
    private const string Form = "application/x-www-form-urlencoded";

    private static readonly (string Head, string Content)[] TwoParts =
    [
        ("Content-Disposition: form-data; name=\"amount\"", "49.90"),
        ("Content-Disposition: form-data; name=\"scan\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf", "%PDF\r\n-- not a boundary\r\n"),
    ];

    [Fact]
    public async Task Another_boundary_is_the_same_multipart() =>
        Assert.Equal(await MultipartAsync("aaa", TwoParts), await MultipartAsync("----WebKitFormBoundary7MA4", TwoParts));

    [Fact]
    public async Task What_stands_around_the_parts_does_not_matter() =>
        Assert.Equal(await MultipartAsync("b", TwoParts), await BodyAsync($"preamble\r\n{Write("c", TwoParts)}\r\nepilogue", "multipart/form-data; boundary=\"c\""));

    [Fact]
    public async Task Names_of_headers_and_the_order_of_their_parameters_do_not_matter() =>
        Assert.Equal(
            await MultipartAsync("b", ("Content-Disposition: form-data; name=\"a\"; filename=\"f\"", "1")),
            await MultipartAsync("b", ("content-disposition:form-data; filename=f; name=a", "1")));

    public static TheoryData<string, string> OtherParts => new()
    {
        { "another content", "Content-Disposition: form-data; name=\"amount\"|49.91" },
        { "another name", "Content-Disposition: form-data; name=\"sum\"|49.90" },
        { "a file name", "Content-Disposition: form-data; name=\"amount\"; filename=\"x\"|49.90" },
        { "a type", "Content-Disposition: form-data; name=\"amount\"\r\nContent-Type: text/plain|49.90" },
        { "another header", "Content-Disposition: form-data; name=\"amount\"\r\nX-A: b|49.90" },
        { "a line more", "Content-Disposition: form-data; name=\"amount\"|49.90\r\n" },
    };

    [Theory]
    [MemberData(nameof(OtherParts))]
    public async Task Everything_that_a_part_says_counts(string what, string part)
    {
        var other = part.Split('|');
        Assert.True(await MultipartAsync("b", TwoParts[0]) != await MultipartAsync("b", (other[0], other[1])), what);
    }

    [Fact]
    public async Task Order_number_and_borders_of_parts_count()
    {
        (string, string) Named(string name, string content) => ($"Content-Disposition: form-data; name=\"{name}\"", content);
        UInt128[] all =
        [
            await MultipartAsync("b", Named("a", "1"), Named("b", "2")),
            await MultipartAsync("b", Named("b", "2"), Named("a", "1")),
            await MultipartAsync("b", Named("a", "1"), Named("b", "2"), Named("b", "2")),
            await MultipartAsync("b", Named("a", "1")),
            await MultipartAsync("b", Named("a", "ab"), Named("a", "c")),
            await MultipartAsync("b", Named("a", "a"), Named("a", "bc")),
            await MultipartAsync("b", Named("a", "2"), Named("b", "1")),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Theory]
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b", "b")] // no end
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1", "b")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--bc\r\n--b--", "b")] // begins like a delimiter
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\n--b\r\n--b--", "b")] // a delimiter to lenient readers
    [InlineData("--b\nContent-Disposition: form-data; name=a\n\n1\n--b--", "b")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b-- trailing", "b")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n--b\r\nX: y\r\n\r\n2\r\n--b--", "b")] // behind the end
    [InlineData("--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--", "b")] // nameless
    [InlineData("--b\r\nContent-Disposition: form-data; name=a; name=c\r\n\r\n1\r\n--b--", "b")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=c\r\n\r\n1\r\n--b--", "b")]
    [InlineData("--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n--b--", "b")] // a folded line
    [InlineData("--b\r\nContent-Disposition : form-data\r\n\r\n1\r\n--b--", "")]
    [InlineData("nothing of the kind", "b")]
    [InlineData("", "b")]
    public async Task What_readers_could_read_differently_is_compared_by_its_bytes(string body, string boundary) =>
        Assert.Equal(await RawAsync(body), await BodyAsync(body, $"multipart/form-data; boundary={boundary}"));

    [Fact]
    public async Task A_field_can_be_left_out()
    {
        var rules = new FingerprintRules { Selection = Canonical.Selection([], ["/sentAt"]) };
        (string, string) SentAt(string content) => ("Content-Disposition: form-data; name=\"sentAt\"", content);
        Assert.Equal(await MultipartAsync(rules, "b", TwoParts[0], SentAt("1")), await MultipartAsync(rules, "c", TwoParts[0], SentAt("2")));
        Assert.NotEqual(await MultipartAsync(rules, "b", TwoParts[1], SentAt("1")), await MultipartAsync(rules, "c", TwoParts[0], SentAt("2")));
        var form = new FingerprintRules { Body = BodyReading.Form, Selection = rules.Selection };
        Assert.Equal(await BodyAsync("a=1&sentAt=1", Form, form), await BodyAsync("sentAt=2&a=1", Form, form));
        var only = new FingerprintRules { Body = BodyReading.Form, Selection = Canonical.Selection(["/a"], []) };
        Assert.Equal(await BodyAsync("a=1&b=1", Form, only), await BodyAsync("a=1&c=2", Form, only));
        Assert.NotEqual(await BodyAsync("a=1&b=1", Form, only), await BodyAsync("a=2&b=1", Form, only));
    }

    [Theory]
    [InlineData("a=1&b=2", "b=2&a=1", true)]
    [InlineData("a=x+y", "a=x%20y", true)]
    [InlineData("a=%c3%a4&b", "b&%61=%C3%A4", true)]
    [InlineData("a=1&a=2", "a=2&a=1", false)]
    [InlineData("a=1", "a=1&a=1", false)]
    [InlineData("a=1", "a=2", false)]
    [InlineData("a=1", "b=1", false)]
    [InlineData("a", "a=", false)]
    [InlineData("a=1&b=2", "a=1%26b=2", false)]
    [InlineData("ab=c", "a=bc", false)]
    [InlineData("a=+", "a=%2B", false)]
    [InlineData("a[x]=1&a=2", "a=2&a[x]=1", false)] // one variable: the later one overrides
    [InlineData("a[x]=1&b=2", "b=2&a%5Bx]=1", true)]
    public async Task A_form_is_its_names_and_values(string one, string other, bool isSame) =>
        Assert.Equal(isSame, await BodyAsync(one, Form) == await BodyAsync(other, Form));

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%zz")]
    [InlineData("a=%+1")]
    [InlineData("%ff=1")]
    [InlineData("a=1;b=2")] // a separator to some
    [InlineData("a=1 2")]
    [InlineData("a=\u00e4")]
    [InlineData("a=1\r\n")]
    public async Task What_is_no_form_is_compared_by_its_bytes(string body) => Assert.Equal(await RawAsync(body), await BodyAsync(body, Form));

    [Fact]
    public async Task Pointers_that_go_deeper_were_meant_for_JSON_and_leave_forms_as_they_are()
    {
        // Followed in a form they would leave nothing, and any form would be any other.
        foreach (var selection in new[] { Canonical.Selection(["/payment/amount"], []), Canonical.Selection([], ["/payment/at"]) })
        {
            var part = Write("b", TwoParts);
            Assert.Equal(await RawAsync(part), await BodyAsync(part, "multipart/form-data; boundary=b", new FingerprintRules { Selection = selection }));
            Assert.Equal(await RawAsync("a=1"), await BodyAsync("a=1", Form, new FingerprintRules { Body = BodyReading.Form, Selection = selection }));
        }
    }

    [Fact]
    public async Task A_pointer_names_a_part_in_any_script()
    {
        var rules = new FingerprintRules { Selection = Canonical.Selection(["/gr\u00f6\u00dfe"], []) };
        (string, string) Size(string content) => ("Content-Disposition: form-data; name=\"gr\u00f6\u00dfe\"", content);
        Assert.Equal(await MultipartAsync(rules, "b", Size("1"), TwoParts[0]), await MultipartAsync(rules, "c", Size("1"), TwoParts[1]));
        Assert.NotEqual(await MultipartAsync(rules, "b", Size("1")), await MultipartAsync(rules, "b", Size("2")));
    }

    [Fact]
    public async Task A_backslash_is_compared_as_it_is_spelled_and_hides_no_part_from_a_pointer()
    {
        const string one = "Content-Disposition: form-data; name=\"c\"; filename=\"a\\\"; name=\\\"b\"";
        const string other = "Content-Disposition: form-data; filename=\"a\\\"; name=\\\"b\"; name=\"c\"";
        Assert.NotEqual(await MultipartAsync("b", (one, "1")), await MultipartAsync("b", (other, "1")));
        Assert.Equal(await MultipartAsync("b", (one, "1")), await MultipartAsync("c", (one, "1")));
        var body = Write("b", (one, "1"));
        Assert.Equal(await RawAsync(body), await BodyAsync(body, "multipart/form-data; boundary=b", new FingerprintRules { Selection = Canonical.Selection([], ["/c"]) }));
    }

    [Fact]
    public async Task What_would_cost_more_than_its_bytes_is_compared_by_them()
    {
        var most = Write("b", [.. Enumerable.Repeat(TwoParts[0], MultipartDigest.MaxParts)]);
        Assert.NotEqual(await RawAsync(most), await BodyAsync(most, "multipart/form-data; boundary=b"));
        string[] parts =
        [
            Write("b", [.. Enumerable.Repeat(TwoParts[0], MultipartDigest.MaxParts + 1)]),
            Write("b", ($"{TwoParts[0].Head}\r\nX: {new string('x', MultipartDigest.MaxPartHeaders)}", "1")),
        ];
        foreach (var body in parts)
        {
            Assert.Equal(await RawAsync(body), await BodyAsync(body, "multipart/form-data; boundary=b"));
        }

        var form = "a=" + new string('x', FormDigest.MaxLength - 2);
        Assert.NotEqual(await RawAsync(form), await BodyAsync(form, Form));
        Assert.Equal(await RawAsync(form + "x"), await BodyAsync(form + "x", Form));
    }

    [Fact]
    public async Task Read_as_a_form_what_is_none_is_compared_by_its_bytes_and_of_itself_a_form_is_too()
    {
        var rules = new FingerprintRules { Body = BodyReading.Form };
        Assert.Equal(await RawAsync("""{"a":"x+y"}"""), await BodyAsync("""{"a":"x+y"}""", "application/json", rules));
        Assert.Equal(await RawAsync("a=1"), await BodyAsync("a=1", Form, new FingerprintRules()));
    }

    [Fact]
    public async Task Readings_never_meet()
    {
        UInt128[] all =
        [
            await BodyAsync("a=1", Form),
            await BodyAsync("a=1", "text/plain"),
            await BodyAsync("1", "application/json"),
            await MultipartAsync("b", ("Content-Disposition: form-data; name=\"a\"", "1")),
            await BodyAsync("a=1", Form, coding: "gzip"),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public async Task A_coding_counts_and_keeps_the_body_from_being_read()
    {
        Assert.NotEqual(await BodyAsync("{}", "application/json", coding: "gzip"), await BodyAsync("{}", "application/json", coding: "br"));
        Assert.NotEqual(await BodyAsync("{}", "application/json", coding: "gzip"), await BodyAsync("{ }", "application/json", coding: "gzip"));
        Assert.Equal(await BodyAsync("{}", "application/json", coding: "identity"), await BodyAsync("{ }", "application/json"));
        Assert.Equal(await BodyAsync("{}", "application/json", coding: "GZIP"), await BodyAsync("{}", "application/json", coding: "gzip"));
    }

    [Theory]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", true)] // RFC 9530, appendix B.1
    [InlineData("sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:", true)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:;p=1, unixsum=:AA==:", true)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:", true)] // RFC 9651, section 4.2.7: padding is synthesized
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:;p=\"a,\\\"b,c\"", true)]
    [InlineData("unixsum=:AA==:;p=\"a,b\", sha-256=:AAAA:", false)]
    [InlineData("md5=:AAAA:", true)] // not known, and nothing is said of the others
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPA=:", false)]
    [InlineData("sha-256=:AAAA:, sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:", false)]
    [InlineData("sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", false)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", false)]
    [InlineData("sha-256=:***:", false)]
    [InlineData("sha-256", false)]
    [InlineData("", false)]
    public void A_digest_that_is_sent_is_checked(string field, bool holds)
    {
        var body = "{\"hello\": \"world\"}"u8;
        var request = Requests.With(("Content-Digest", field));
        Assert.True(ContentDigest.IsOn(request.Headers));
        Assert.Equal(holds, ContentDigest.Holds(request, body));
        Assert.Equal(holds, ContentDigest.Holds(Requests.With(("Repr-Digest", field)), body));
        Assert.True(ContentDigest.Holds(Requests.With(("Repr-Digest", field), ("Content-Encoding", "gzip")), body)); // of what it will be, decoded
    }

    [Fact]
    public void Without_a_digest_there_is_nothing_to_check() => Assert.False(ContentDigest.IsOn(Requests.With(("Digest", "SHA-256=x")).Headers));

    private static string Write(string boundary, params (string Head, string Content)[] parts) =>
        $"{string.Concat(parts.Select(part => $"--{boundary}\r\n{part.Head}\r\n\r\n{part.Content}\r\n"))}--{boundary}--";

    private static Task<UInt128> MultipartAsync(string boundary, params (string Head, string Content)[] parts) => MultipartAsync(new FingerprintRules(), boundary, parts);

    private static async Task<UInt128> MultipartAsync(FingerprintRules rules, string boundary, params (string Head, string Content)[] parts)
    {
        var digest = await BodyAsync(Write(boundary, parts), $"multipart/form-data; boundary={boundary}", rules);
        Assert.NotEqual(await RawAsync(Write(boundary, parts)), digest);
        return digest;
    }

    private static async Task<UInt128> BodyAsync(string body, string type, FingerprintRules? rules = null, string? coding = null)
    {
        var request = coding is null ? Requests.With(("Content-Type", type)) : Requests.With(("Content-Type", type), ("Content-Encoding", coding));
        return FingerprintReader.Read(request, await Requests.BodyAsync(Encoding.UTF8.GetBytes(body)), rules ?? (type == Form ? new FingerprintRules { Body = BodyReading.Form } : new FingerprintRules())).Body;
    }

    private static async Task<UInt128> RawAsync(string body) => (await Requests.BodyAsync(Encoding.UTF8.GetBytes(body))).RawDigest();
}
