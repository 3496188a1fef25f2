using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

public sealed class KeyReaderTests
{
    private const string Empty = "it is empty";
    private const string SentTwice = "the header is sent more than once";
    private const string Characters = "it holds characters other than visible ASCII";
    private const string BareComma = "it holds several values, or a comma outside of quotes";
    private const string QuoteInside = "it has a quote inside and none at the start";
    private const string SeveralValues = "it holds several values";
    private const string TextBehind = "something stands behind the closing quote";
    private const string BadEscape = "a backslash inside quotes may only stand before a quote or a backslash";
    private const string Unclosed = "its closing quote is missing";

    private static readonly KeyRules Default = new();

    [Fact]
    public void No_header_is_an_absent_key_and_breaks_no_rule()
    {
        var reading = KeyReader.Read(StringValues.Empty, Default);

        Assert.True(reading.IsAbsent);
        Assert.Null(reading.Key);
        Assert.Null(reading.BrokenRule);
    }

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("\"abc\"", "abc")]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("\"a\\\"b\"", "a\"b")]
    [InlineData("\"a\\\\b\"", "a\\b")]
    [InlineData("\"\\\\\"", "\\")]
    [InlineData("\"\\\"\"", "\"")]
    [InlineData("\"a,b\"", "a,b")]
    [InlineData("\"a;b=c\"", "a;b=c")]
    [InlineData("a;b=c", "a;b=c")]
    [InlineData("a\\b", "a\\b")]
    [InlineData("!~", "!~")]
    [InlineData("'abc'", "'abc'")]
    public void A_key_is_decoded(string sent, string key)
    {
        var reading = KeyReader.Read(sent, Default);

        Assert.Equal(key, reading.Key);
        Assert.Equal(sent, reading.Sent);
        Assert.Null(reading.BrokenRule);
        Assert.False(reading.IsAbsent);
    }

    [Fact]
    public void A_quoted_and_a_bare_key_are_the_same_key() =>
        Assert.Equal(KeyReader.Read("order-42", Default).Key, KeyReader.Read("\"order-42\"", Default).Key);

    [Fact]
    public void Keys_that_differ_in_case_are_two_keys() =>
        Assert.NotEqual(KeyReader.Read("order-A", Default).Key, KeyReader.Read("order-a", Default).Key);

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData(" ")]
    [InlineData("\t \t")]
    public void An_empty_key_is_refused(string sent) => AssertBroken(Empty, sent);

    [Theory]
    [InlineData("abc ")]
    [InlineData(" abc")]
    [InlineData("\"abc\" ")]
    [InlineData("\"abc\"\t \t")]
    [InlineData(" \t\"abc\"")]
    public void White_space_around_the_value_is_no_part_of_it(string sent)
    {
        var reading = KeyReader.Read(sent, Default);

        Assert.Equal("abc", reading.Key);
        Assert.Equal(sent.Trim(' ', '\t'), reading.Sent);
    }

    [Fact]
    public void A_key_in_two_headers_is_refused_even_if_both_say_the_same() => AssertBroken(SentTwice, "abc", "abc");

    [Fact]
    public void An_empty_second_header_counts_as_a_second_value() => AssertBroken(SentTwice, "abc", "");

    [Theory]
    [InlineData("abc,def")]
    [InlineData("abc, abc")]
    [InlineData(",")]
    [InlineData("abc,")]
    public void Bare_keys_joined_by_a_comma_are_refused(string sent) => AssertBroken(BareComma, sent);

    [Theory]
    [InlineData("\"abc\",\"def\"")]
    [InlineData("\"abc\", \"abc\"")]
    [InlineData("\"abc\"  \t,x")]
    [InlineData("\"\",\"\"")]
    [InlineData("\"abc\",")]
    public void Quoted_keys_joined_by_a_comma_are_refused(string sent) => AssertBroken(SeveralValues, sent);

    [Theory]
    [InlineData("\"abc\"def")]
    [InlineData("\"abc\" def")]
    [InlineData("\"\"\"")]
    [InlineData("\"\"abc")]
    [InlineData("\"abc\"\"def\"")]
    public void Text_behind_the_closing_quote_is_refused(string sent) => AssertBroken(TextBehind, sent);

    [Theory]
    [InlineData("\"abc\";a=1")]
    [InlineData("\"abc\"; a")]
    [InlineData("\"abc\";")]
    public void Parameters_are_refused(string sent) => AssertBroken(TextBehind, sent);

    [Theory]
    [InlineData("\"")]
    [InlineData("\"abc")]
    [InlineData("\"abc\\\"")]
    [InlineData("\"abc\\\\")]
    public void A_quote_that_is_never_closed_is_refused(string sent) => AssertBroken(Unclosed, sent);

    [Theory]
    [InlineData("\"a\\bc\"")]
    [InlineData("\"abc\\")]
    [InlineData("\"\\")]
    [InlineData("\"\\n\"")]
    [InlineData("\"\\,\"")]
    [InlineData("\"\\\u0000\"")]
    public void A_backslash_before_anything_else_is_refused(string sent) => AssertBroken(BadEscape, sent);

    [Theory]
    [InlineData("abc\"")]
    [InlineData("a\"b\"c")]
    public void A_quote_in_a_bare_key_is_refused(string sent) => AssertBroken(QuoteInside, sent);

    [Theory]
    [InlineData('\0')]
    [InlineData('\r')]
    [InlineData('\n')]
    [InlineData('\u001F')]
    [InlineData(' ')]
    [InlineData('\t')]
    [InlineData('\u007F')]
    [InlineData('\u0080')]
    [InlineData('\u00E9')]
    [InlineData('\u2028')]
    [InlineData('\uFF21')]
    [InlineData('\uD800')]
    [InlineData('\uFFFF')]
    public void Characters_other_than_visible_ascii_are_refused(char bad)
    {
        AssertBroken(Characters, $"ab{bad}c");
        AssertBroken(Characters, $"\"ab{bad}c\"");
    }

    [Fact]
    public void A_string_may_hold_a_space_in_the_standard_but_not_here() => AssertBroken(Characters, "\"order 42\"");

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    public void A_key_at_the_default_limits_is_taken(int length)
    {
        var key = new string('k', length);

        Assert.Equal(key, KeyReader.Read(key, Default).Key);
        Assert.Equal(key, KeyReader.Read($"\"{key}\"", Default).Key);
    }

    [Fact]
    public void A_key_above_the_default_limit_is_refused() => AssertBroken("it is longer than 255 characters", new string('k', 256));

    [Fact]
    public void Length_is_measured_on_the_decoded_key()
    {
        var rules = new KeyRules { MinLength = 3, MaxLength = 4 };

        // Six characters and two quotes on the wire, three to mean.
        Assert.Equal("\\\"\\", KeyReader.Read("\"\\\\\\\"\\\\\"", rules).Key);
        Assert.Equal("abcd", KeyReader.Read("\"abcd\"", rules).Key);
        AssertBroken(rules, "it is shorter than 3 characters", "\"\\\\\\\\\"");
        AssertBroken(rules, "it is shorter than 3 characters", "\"ab\"");
        AssertBroken(rules, "it is shorter than 3 characters", "ab");
        AssertBroken(rules, "it is longer than 4 characters", "\"abcde\"");
        AssertBroken(rules, "it is longer than 4 characters", "abcde");
    }

    [Fact]
    public void A_long_string_full_of_escapes_is_decoded_whole()
    {
        var rules = new KeyRules { MaxLength = 1024 };
        var key = new string('"', 1024);

        Assert.Equal(key, KeyReader.Read($"\"{key.Replace("\"", "\\\"", StringComparison.Ordinal)}\"", rules).Key);
    }

    [Fact]
    public void A_key_that_is_not_of_the_policys_format_is_refused_with_the_format()
    {
        var rules = new KeyRules { Format = KeyFormat.Uuid };

        AssertBroken(rules, "it is not a UUID such as 8e03978e-40d5-43dd-bc93-6894a57f9324", "order-42");
        AssertBroken(rules, "it is not a UUID such as 8e03978e-40d5-43dd-bc93-6894a57f9324", "\"order-42\"");
    }

    [Fact]
    public void The_format_is_held_against_the_decoded_key()
    {
        var rules = new KeyRules { Format = KeyFormat.Parse("Regex:a\"b", out _)! };

        Assert.Equal("a\"b", KeyReader.Read("\"a\\\"b\"", rules).Key);
    }

    private static void AssertBroken(string rule, params string[] sent) => AssertBroken(Default, rule, sent);

    private static void AssertBroken(KeyRules rules, string rule, params string[] sent)
    {
        var reading = KeyReader.Read(new StringValues(sent), rules);

        Assert.Equal(rule, reading.BrokenRule);
        Assert.Null(reading.Key);
        Assert.Null(reading.Sent);
        Assert.False(reading.IsAbsent);
    }
}
