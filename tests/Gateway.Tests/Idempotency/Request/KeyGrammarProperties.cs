using FsCheck.Xunit;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Tests.Support;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>The reader against <see cref="KeyGrammar"/>: the same key or none, whatever is sent.</summary>
public sealed class KeyGrammarProperties
{
    private static readonly KeyRules Rules = new();

    /// <summary>Cases in the manner of the HTTP working group's structured field tests (string, item, list, parameters), as keys.</summary>
    [Theory]
    [InlineData("\"foo\"", "foo")]
    [InlineData("  \"foo\"  ", "foo")]
    [InlineData("\t\"foo\"\t", "foo")]
    [InlineData("\"\"", null)]
    [InlineData("\"foo bar\"", null)]
    [InlineData("\"   \"", null)]
    [InlineData("\"f\\\"oo\"", "f\"oo")]
    [InlineData("\"f\\\\oo\"", "f\\oo")]
    [InlineData("\"\\\\\\\\\"", "\\\\")]
    [InlineData("\"\\\\\\\"", null)]
    [InlineData("\"foo\\x\"", null)]
    [InlineData("\"foo\\", null)]
    [InlineData("\"foo\\\"", null)]
    [InlineData("\"foo", null)]
    [InlineData("foo\"", null)]
    [InlineData("'foo'", "'foo'")]
    [InlineData("\"f\u00fc\u00fc\"", null)]
    [InlineData("\"f\\u00fc\"", null)]
    [InlineData("\"%c3%bc\"", "%c3%bc")]
    [InlineData("%\"f%c3%bc\"", null)]
    [InlineData("\"foo\\\nbar\"", null)]
    [InlineData("\" \\t\"", null)]
    [InlineData("\"foo\";a=1", null)]
    [InlineData("\"foo\"; a", null)]
    [InlineData("\"foo\" ;a", null)]
    [InlineData("\"foo;a=1\"", "foo;a=1")]
    [InlineData("\"foo\", \"bar\"", null)]
    [InlineData("\"foo,bar\"", "foo,bar")]
    [InlineData("\"foo\"\"bar\"", null)]
    [InlineData("(\"foo\")", null)]
    [InlineData("(foo)", "(foo)")]
    [InlineData("a=\"foo\"", null)]
    [InlineData(":Zm9v:", ":Zm9v:")]
    [InlineData("?1", "?1")]
    [InlineData("1.5", "1.5")]
    [InlineData("\u00a0\"foo\"", null)]
    [InlineData("\v\"foo\"", null)]
    [InlineData("\"foo\"\r\n", null)]
    [InlineData("\\\"foo\\\"", null)]
    [InlineData("\\foo", "\\foo")]
    public void A_case_of_the_structured_fields_reads_as_it_should(string sent, string? key)
    {
        Assert.Equal(key, KeyReader.Read(sent, Rules).Key);
        Assert.Equal(key, KeyGrammar.Decode([sent]));
    }

    [Fact]
    public void Any_one_character_at_any_place_reads_as_the_grammar_says()
    {
        foreach (var around in (string[])["{0}", "{0}abc", "ab{0}c", "abc{0}", "\"{0}\"", "\"{0}abc\"", "\"ab{0}c\"", "\"abc{0}\"", "\"abc\"{0}", "\"ab\\{0}c\"", "{0}\"abc\"", "\"abc{0}"])
        {
            for (var code = 0; code <= 0x200; code++)
            {
                AssertSame(around.Replace("{0}", ((char)code).ToString(), StringComparison.Ordinal));
            }

            foreach (var c in "\u2028\uFEFF\uFF02\uFF21\uD800\uDC00\uFFFD\uFFFF")
            {
                AssertSame(around.Replace("{0}", c.ToString(), StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Exhaustive where it is small: all texts of up to six of the characters that mean something.</summary>
    [Fact]
    public void Every_short_text_of_the_characters_that_mean_something_reads_as_the_grammar_says()
    {
        const string Alphabet = "\"\\, ;a";
        var texts = new List<string> { "" };
        for (var length = 0; length < 6; length++)
        {
            texts = [.. texts.SelectMany(text => Alphabet.Select(c => text + c))];
            texts.ForEach(text => AssertSame(text));
        }
    }

    [Property(MaxTest = 3000, Arbitrary = [typeof(HeaderTexts)])]
    public void Whatever_is_sent_reads_as_the_grammar_says(string[] sent) => AssertSame(sent);

    [Property(MaxTest = 2000, Arbitrary = [typeof(VisibleTexts), typeof(Seeds)])]
    public void A_key_that_is_decoded_encoded_and_decoded_again_is_itself_even_when_it_was_mutated_on_its_way(string key, int seed)
    {
        var random = new Random(seed);
        var sent = KeyGrammar.Encode(key);
        Assert.Equal(key, KeyReader.Read(sent, Rules).Key);

        for (var i = 0; i < 10; i++)
        {
            sent = Mutated(sent, random);
            AssertSame(sent);
            if (KeyReader.Read(sent, Rules).Key is { } read)
            {
                Assert.Equal(read, KeyReader.Read(KeyGrammar.Encode(read), Rules).Key);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Several_lines_are_never_a_key_whatever_they_say(int more)
    {
        foreach (var line in (string?[])["abc", "\"abc\"", "", null, " "])
        {
            var lines = Enumerable.Repeat(line, more).Append("abc").ToArray();
            AssertSame(lines!);
            Assert.NotNull(KeyReader.Read(new StringValues(lines), Rules).BrokenRule);
        }
    }

    /// <summary>Half a million characters: what is not linear in them would not end.</summary>
    [Theory]
    [InlineData("", 'a', "")]
    [InlineData("\"", 'a', "\"")]
    [InlineData("\"", '\\', "\"")]
    [InlineData("\"", '"', "")]
    [InlineData("\"abc\"", ' ', "x")]
    [InlineData("\"abc\"", ' ', ",")]
    [InlineData("", ' ', "")]
    [InlineData("", '\t', "abc")]
    [InlineData("a", ',', "")]
    public void A_header_of_any_length_is_read_in_a_bounded_number_of_bytes(string before, char filling, string after)
    {
        var sent = before + new string(filling, 1 << 19) + after;

        var start = GC.GetAllocatedBytesForCurrentThread();
        var reading = KeyReader.Read(sent, Rules);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - start;

        Assert.True(allocated < 4L * sizeof(char) * sent.Length, $"{allocated} bytes for {sent.Length} characters");
        Assert.Equal(KeyGrammar.Decode([sent]), reading.Key);
    }

    /// <summary>Patterns on which a backtracking engine would not end before the sun does.</summary>
    [Theory]
    [InlineData("(a+)+")]
    [InlineData("(a|aa)+")]
    [InlineData("(a|a?)+")]
    [InlineData("(.*a){12}")]
    [InlineData("(x+x+)+y")]
    public void A_key_is_held_against_a_pattern_in_linear_time(string pattern)
    {
        var rules = new KeyRules { MaxLength = 1024, Format = KeyFormat.Parse("Regex:" + pattern, out _)! };

        Assert.NotNull(KeyReader.Read(new string('a', 1023) + "!", rules).BrokenRule);
        Assert.NotNull(KeyReader.Read(new string('x', 1024), rules).BrokenRule);
    }

    private static void AssertSame(params string[] sent)
    {
        var reading = KeyReader.Read(new StringValues(sent), Rules);
        var expected = KeyGrammar.Decode(sent);

        Assert.True(reading.Key == expected, $"'{string.Join("' '", sent)}' is '{reading.Key}', not '{expected}'");
        Assert.Equal(sent.Length == 0, reading.IsAbsent);
        if (expected is null)
        {
            Assert.Null(reading.Sent);
            return;
        }

        // What is echoed must spell the same key.
        Assert.Equal(expected, KeyReader.Read(reading.Sent!, Rules).Key);
    }

    private static string Mutated(string text, Random random)
    {
        const string Meaningful = "\"\\,; \t\0\r\n\u007F\u00E9=a";
        var at = random.Next(text.Length + 1);
        var c = Meaningful[random.Next(Meaningful.Length)].ToString();
        return random.Next(4) switch
        {
            0 => text.Insert(at, c),
            1 when text.Length > 0 => text.Remove(Math.Min(at, text.Length - 1), 1),
            2 => text[..at],
            _ => text[..at] + c + (at < text.Length ? text[(at + 1)..] : ""),
        };
    }
}
