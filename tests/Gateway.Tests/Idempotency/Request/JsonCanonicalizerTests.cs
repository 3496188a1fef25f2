namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonCanonicalizerTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""")]
    [InlineData("""{"a":1,"b":[true,null]}""", "\r\n{ \"a\"\t: 1 ,\n\"b\" : [ true , null ] } ")]
    [InlineData("""{"a":{"x":1,"y":{"p":1,"q":2}},"b":0}""", """{"b":0,"a":{"y":{"q":2,"p":1},"x":1}}""")]
    [InlineData("""["A"]""", """["\u0041"]""")]
    [InlineData("""["é"]""", """["\u00e9"]""")]
    [InlineData("""["é"]""", """["\u00E9"]""")]
    [InlineData("""["😀"]""", """["\ud83d\ude00"]""")]
    [InlineData("""["😀"]""", """["\uD83D\uDE00"]""")]
    [InlineData("""["/"]""", """["\/"]""")]
    [InlineData("""["\n\t\r\b\f\"\\"]""", """["\u000a\u0009\u000d\u0008\u000c\u0022\u005c"]""")]
    [InlineData("""{"A":1}""", """{"\u0041":1}""")]
    [InlineData("""{"b":1,"A":2}""", """{"\u0041":2,"\u0062":1}""")]
    [InlineData("""{"amount":49.90}""", """{"amount":499e-1}""")]
    public void Documents_that_mean_the_same_are_equal(string one, string other)
    {
        Assert.NotNull(Canonical.Of(one));
        Assert.Equal(Canonical.Of(one), Canonical.Of(other));
    }

    [Theory]
    [InlineData("""["a","b"]""", """["ab"]""")]
    [InlineData("""["a","b"]""", """["b","a"]""")]
    [InlineData("""["ab","c"]""", """["a","bc"]""")]
    [InlineData("""["ab,c"]""", """["a,bc"]""")]
    [InlineData("""{"a":{"b":1}}""", """{"a.b":1}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{},"b":1}""")]
    [InlineData("""{"a":{"b":1},"c":2}""", """{"a":{"b":1,"c":2}}""")]
    [InlineData("[[1],2]", "[1,[2]]")]
    [InlineData("[[1,2]]", "[[1],[2]]")]
    [InlineData("[[],[]]", "[[[]]]")]
    [InlineData("[[]]", "[]")]
    [InlineData("[]", "{}")]
    [InlineData("[{}]", "[[]]")]
    [InlineData("""{"a":null}""", "{}")]
    [InlineData("""{"a":null}""", """{"a":""}""")]
    [InlineData("""{"a":null}""", """{"a":"null"}""")]
    [InlineData("""{"a":""}""", """{"":"a"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"a"}""")]
    [InlineData("""{"a":true}""", """{"a":"true"}""")]
    [InlineData("""{"a":true}""", """{"a":false}""")]
    [InlineData("""{"a":1}""", """{"A":1}""")]
    [InlineData("""{"a":1,"b":2}""", """{"a":2,"b":1}""")]
    [InlineData("""["a","b"]""", """{"a":"b"}""")]
    [InlineData("""["0",1]""", """{"0":1}""")]
    [InlineData("[1]", """{"0":1}""")]
    [InlineData("""["\u0000"]""", """[""]""")]
    [InlineData("""["\u0000\u0000"]""", """["\u0000"]""")]
    [InlineData("""["a "]""", """["a"]""")]
    [InlineData("""["é"]""", """["e\u0301"]""")]
    [InlineData("""["\\u0041"]""", """["A"]""")]
    [InlineData("\"1\"", "1")]
    [InlineData("\"t\"", "true")]
    public void Documents_that_mean_different_things_are_different(string one, string other)
    {
        Assert.NotNull(Canonical.Of(one));
        Assert.NotNull(Canonical.Of(other));
        Assert.NotEqual(Canonical.Of(one), Canonical.Of(other));
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""")]
    [InlineData("""{"a":1,"\u0061":1}""")]
    [InlineData("""{"\u0061":1,"\u0061":2}""")]
    [InlineData("""{"😀":1,"\ud83d\ude00":1}""")]
    [InlineData("""{"":1,"":1}""")]
    [InlineData("""{"x":[{"a":1,"a":1}]}""")]
    [InlineData("""[{"a":1,"a":1}]""")]
    [InlineData("""[[{"a":1,"a":1}],{"a":1}]""")]
    [InlineData("""{"x":{"y":{"a":1,"b":{},"a":1}}}""")]
    public void A_name_that_is_repeated_is_refused(string json) => Assert.Null(Canonical.Of(json));

    [Theory]
    [InlineData("""[{"a":1,"a":1}]""")]
    [InlineData("""{"x":[{"a":1,"a":1}]}""")]
    [InlineData("""{"x":{"a":1,"a":1}}""")]
    public void A_name_that_is_repeated_is_refused_where_pointers_look_on(string json)
    {
        Assert.Null(Canonical.Of(json, [], ["/0/b"]));
        Assert.Null(Canonical.Of(json, ["/*/a", "/x/*/a"], []));
        Assert.Null(Canonical.Of(json, [], ["/x/b", "/x/0/b", "/*/c"]));
    }

    [Fact]
    public void The_same_name_in_two_objects_is_not_repeated() =>
        Assert.NotNull(Canonical.Of("""{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"""));

    [Theory]
    [InlineData("/a", "")]
    [InlineData("/x/a", "")]
    [InlineData("", "/a")]
    [InlineData("", "/b")]
    [InlineData("/x/*", "")]
    [InlineData("/nowhere", "")]
    public void A_name_that_is_repeated_is_refused_though_the_pointers_leave_it_out(string exclude, string include)
    {
        Assert.Null(Canonical.Of("""{"a":1,"a":1,"b":3}""", Listed(include), Listed(exclude)));
        Assert.Null(Canonical.Of("""{"a":1,"b":3,"\u0061":1}""", Listed(include), Listed(exclude)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\n\n")]
    [InlineData("{")]
    [InlineData("[")]
    [InlineData("[1")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("""{"a"}""")]
    [InlineData("""{"a":}""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("""{1:1}""")]
    [InlineData("]")]
    [InlineData("}")]
    [InlineData("[}")]
    [InlineData("{}{}")]
    [InlineData("{}]")]
    [InlineData("1 2")]
    [InlineData("{} garbage")]
    [InlineData("// comment\n1")]
    [InlineData("1 // comment")]
    [InlineData("[1, /* comment */ 2]")]
    [InlineData("# 1")]
    [InlineData("True")]
    [InlineData("nul")]
    [InlineData("nulll")]
    [InlineData("undefined")]
    [InlineData("\"a")]
    [InlineData("\"a\\\"")]
    [InlineData("\"a\nb\"")]
    [InlineData("\"a\tb\"")]
    [InlineData("\"a\0b\"")]
    [InlineData("\"\\x41\"")]
    [InlineData("\"\\u00g0\"")]
    [InlineData("\"\\u41\"")]
    [InlineData("\uFEFF{}")]
    [InlineData("\u00A0{}")]
    [InlineData("{}\0")]
    public void What_is_not_one_valid_document_is_refused(string json)
    {
        Assert.Null(Canonical.Of(json));
        Assert.Null(Canonical.Of(json, ["/a"], []));
        Assert.Null(Canonical.Of(json, [], ["/a"]));
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\udc00\"")]
    [InlineData("\"\\ud800\\ud800\"")]
    [InlineData("\"\\udc00\\ud800\"")]
    [InlineData("\"\\ud800x\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("[{\"a\":\"\\uD83D\"}]")]
    public void A_lone_surrogate_is_refused(string json) => Assert.Null(Canonical.Of(json));

    [Theory]
    [InlineData("22FF22", "a byte that UTF-8 does not have")]
    [InlineData("22C322", "a character that is cut")]
    [InlineData("22C0AF22", "an overlong form")]
    [InlineData("22EDA08022", "a surrogate")]
    [InlineData("22F490808022", "beyond U+10FFFF")]
    [InlineData("225C6EFF22", "behind an escape")]
    [InlineData("7B22FF223A312C22FE223A327D", "in names")]
    [InlineData("FEFF007B007D", "UTF-16")]
    [InlineData("EFBBBF7B7D", "a byte order mark")]
    public void Bytes_that_are_not_utf_8_are_refused(string hex, string why)
    {
        Assert.True(Canonical.Of(Convert.FromHexString(hex)) is null, why);
        Assert.True(Canonical.Of(Convert.FromHexString(hex), Canonical.Selection([], ["/a"])) is null, why);
    }

    [Theory]
    [InlineData("\"a\"")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData(" null ")]
    public void A_plain_value_is_a_document(string json) => Assert.NotNull(Canonical.Of(json));

    [Fact]
    public void A_document_64_deep_is_taken_and_a_deeper_one_refused()
    {
        Assert.NotNull(Canonical.Of(Nested(64)));
        Assert.Null(Canonical.Of(Nested(65)));
        Assert.Null(Canonical.Of(string.Concat(Enumerable.Repeat("""{"a":""", 65)) + "1" + new string('}', 65)));
        Assert.Null(Canonical.Of(Nested(65), [], ["/0"]));
        Assert.Null(Canonical.Of(Nested(65), ["/1"], []));
    }

    [Fact]
    public void A_mebibyte_of_opening_brackets_is_refused()
    {
        Assert.Null(Canonical.Of(new string('[', 1 << 20)));
        Assert.Null(Canonical.Of(string.Concat(Enumerable.Repeat("""{"a":""", (1 << 20) / 5))));
        Assert.Null(Canonical.Of(new string('[', 1 << 20), ["/0/0"], ["/*/*/*"]));
    }

    [Fact]
    public void A_mebibyte_of_elements_is_read_to_its_end()
    {
        var elements = "[" + string.Concat(Enumerable.Repeat("1,", (1 << 19) - 1));

        Assert.NotNull(Canonical.Of(elements + "1]"));
        Assert.NotEqual(Canonical.Of(elements + "1]"), Canonical.Of(elements + "2]"));
        Assert.Null(Canonical.Of(elements + "1,1"));
        Assert.NotNull(Canonical.Of(elements + "1]", [], ["/7"]));
    }

    [Fact]
    public void A_hundred_thousand_members_are_put_in_order()
    {
        var members = Enumerable.Range(0, 100_000).Select(i => $"\"n{i * 7919 % 100_000}\":{i}").ToArray();
        var forward = "{" + string.Join(',', members) + "}";
        var backward = "{" + string.Join(',', members.Reverse()) + "}";

        Assert.NotNull(Canonical.Of(forward));
        Assert.Equal(Canonical.Of(forward), Canonical.Of(backward));
        Assert.Null(Canonical.Of("{" + string.Join(',', members) + ",\"n77\":0}"));
    }

    [Fact]
    public void Sixty_objects_in_each_other_with_wide_members_keep_their_order_apart()
    {
        var one = "1";
        var other = "1";
        for (var i = 0; i < 60; i++)
        {
            one = $$"""{"b":[{{i}}],"a":{{one}},"c":"{{i}}"}""";
            other = $$"""{"c":"{{i}}","a":{{other}},"b":[{{i}}]}""";
        }

        Assert.NotNull(Canonical.Of(one));
        Assert.Equal(Canonical.Of(one), Canonical.Of(other));
        Assert.NotEqual(Canonical.Of(one), Canonical.Of(other.Replace("\"59\"", "\"60\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_body_of_half_a_mebibyte_in_one_escaped_string_is_unescaped()
    {
        var plain = new string('é', 100_000);
        var escaped = string.Concat(Enumerable.Repeat("\\u00e9", 100_000));

        Assert.Equal(Canonical.Of($"[\"{plain}\"]"), Canonical.Of($"[\"{escaped}\"]"));
        Assert.NotEqual(Canonical.Of($"[\"{plain}\"]"), Canonical.Of($"[\"{escaped}e\"]"));
    }

    [Fact]
    public void The_canonical_bytes_do_not_drift() => Assert.Equal(
        "7b" // {
        + "6e00000001" + "61" + "64" + "2d" + "ffffffffffffffff" + "00000002" + "3135" // n a, d - e-1 "15"
        + "6e00000001" + "62" + "5b" + "74" + "66" + "30" + "7a" + "5d" // n b, [ t f 0 z ]
        + "6e00000002" + "c3a9" + "7300000001" + "78" // n é, s x
        + "7d",
        Canonical.Of("""{"é":"x","b":[true,false,null,0],"a":-1.5}"""));

    [Fact]
    public void The_canonical_bytes_of_elements_that_pointers_pick_do_not_drift() => Assert.Equal(
        "7b" // {
        + "6e00000001" + "61" + "5b" // n a, [
        + "69" + "00000001" + "7b" + "6e00000001" + "62" + "74" + "7d" // i 1, { n b, t }
        + "5d" + "7d",
        Canonical.Of("""{"a":[{"c":1},{"b":true,"c":1},{"c":1},3]}""", ["/a/*/b"], []));

    [Fact]
    public void The_canonical_bytes_of_a_number_beyond_any_machine_do_not_drift() => Assert.Equal(
        "78" + "00000012" + Convert.ToHexStringLower("1e9999999999999999"u8), // x, its spelling
        Canonical.Of("1e9999999999999999"));

    private static string[] Listed(string pointer) => pointer.Length == 0 ? [] : [pointer];

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
