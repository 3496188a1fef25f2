using Gateway.Idempotency.Policies;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Policies;

public sealed class KeyFormatTests
{
    [Theory]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324", true)]
    [InlineData("8E03978E-40D5-43DD-BC93-6894A57F9324", true)]
    [InlineData("00000000-0000-0000-0000-000000000000", true)]
    [InlineData("8e03978e40d543ddbc936894a57f9324", false)]
    [InlineData("{8e03978e-40d5-43dd-bc93-6894a57f9324}", false)]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f932", false)]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f93245", false)]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f932g", false)]
    [InlineData("8e03978e-40d54-3dd-bc93-6894a57f9324", false)]
    [InlineData("+e03978e-40d5-43dd-bc93-6894a57f9324", false)]
    [InlineData("0x03978e-40d5-43dd-bc93-6894a57f9324", false)]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324\n", false)]
    [InlineData("", false)]
    public void A_uuid_is_36_characters_in_five_groups(string key, bool matches) => AssertMatches("Uuid", key, matches);

    [Theory]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAV", true)]
    [InlineData("01arz3ndektsv4rrffq69g5fav", true)]
    [InlineData("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", true)]
    [InlineData("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FA", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAVX", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAI", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAL", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAO", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FAU", false)]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FA\n", false)]
    [InlineData("", false)]
    public void A_ulid_is_26_characters_of_crockfords_alphabet_that_fit_128_bits(string key, bool matches) => AssertMatches("Ulid", key, matches);

    [Theory]
    [InlineData("Regex:[a-z]+", "abc", true)]
    [InlineData("Regex:[a-z]+", "abc1", false)]
    [InlineData("Regex:[a-z]+", "1abc", false)]
    [InlineData("Regex:[a-z]+", "abc\n", false)]
    [InlineData("Regex:a|bc", "a", true)]
    [InlineData("Regex:a|bc", "bc", true)]
    [InlineData("Regex:a|bc", "abc", false)]
    [InlineData("Regex:a|bc", "ac", false)]
    [InlineData("Regex:^[a-z]+$", "abc\n", false)]
    [InlineData("Regex:^[a-z]+$", "abc", true)]
    [InlineData("Regex:(?i)abc", "ABC", true)]
    [InlineData("Regex:abc", "ABC", false)]
    [InlineData("Regex:pay:[0-9]{4}", "pay:0042", true)]
    public void A_pattern_has_to_match_the_whole_key(string format, string key, bool matches) => AssertMatches(format, key, matches);

    [Fact]
    public void A_pattern_tells_clients_what_to_send() => Assert.Equal("a key that matches [a-z]+", KeyFormat.Parse("Regex:[a-z]+", out _)?.Description);

    [Fact]
    public async Task A_pattern_that_could_be_tried_in_countless_ways_is_matched_in_one_pass()
    {
        var format = KeyFormat.Parse("Regex:(a|aa|a+)+b", out _)!;

        Assert.False(await Task.Run(() => format.Matches(new string('a', 1024))).WithinLimit());
    }

    [Theory]
    [InlineData("any", "Any")]
    [InlineData("ANY", "Any")]
    [InlineData("uuid", "Uuid")]
    [InlineData("ulID", "Ulid")]
    [InlineData("regex:A", "regex:A")]
    public void A_format_is_named_without_regard_to_case(string text, string name) =>
        Assert.Equal(name, KeyFormat.Parse(text, out _)?.Name);

    [Theory]
    [InlineData("Guid")]
    [InlineData("Regex")]
    [InlineData("")]
    [InlineData("[a-z]+")]
    public void An_unknown_format_is_refused(string text)
    {
        Assert.Null(KeyFormat.Parse(text, out var problem));
        Assert.Equal($"'{text}' is unknown.", problem);
    }

    [Theory]
    [InlineData("Regex:(a")]
    [InlineData("Regex:(a)\\1")]
    [InlineData("Regex:(?=a)a")]
    [InlineData("Regex:a)|(?:b")]
    [InlineData("Regex:a)|(b")]
    [InlineData("Regex:[")]
    public void A_pattern_that_cannot_be_matched_in_linear_time_is_refused(string text)
    {
        Assert.Null(KeyFormat.Parse(text, out var problem));
        Assert.Contains("is not a pattern that can be matched in linear time", problem, StringComparison.Ordinal);
        Assert.StartsWith($"'{text["Regex:".Length..]}'", problem, StringComparison.Ordinal);
    }

    private static void AssertMatches(string format, string key, bool matches)
    {
        var parsed = KeyFormat.Parse(format, out var problem);

        Assert.Null(problem);
        Assert.Equal(matches, parsed!.Matches(key));
    }
}
