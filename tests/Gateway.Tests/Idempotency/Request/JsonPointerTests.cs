using FsCheck.Xunit;
using Gateway.Idempotency.Request;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonPointerTests
{
    [Theory]
    [InlineData("/a", "a")]
    [InlineData("/a/b", "a|b")]
    [InlineData("/", "")]
    [InlineData("/a/", "a|")]
    [InlineData("//a", "|a")]
    [InlineData("/a~1b", "a/b")]
    [InlineData("/m~0n", "m~n")]
    [InlineData("/~01", "~1")]
    [InlineData("/~00", "~0")]
    [InlineData("/~1~0~1", "/~/")]
    [InlineData("/items/*/price", "items|*|price")]
    [InlineData("/0/ /%22/é", "0| |%22|é")]
    public void A_pointer_is_unescaped_segment_by_segment(string text, string segments)
    {
        Assert.True(JsonPointer.TryParse(text, out var pointer));
        Assert.Equal(segments.Split('|'), pointer.Segments);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("#/a")]
    [InlineData("$.a")]
    [InlineData("/~")]
    [InlineData("/a~")]
    [InlineData("/a~/b")]
    [InlineData("/a~2")]
    [InlineData("/~~0")]
    [InlineData("/ok/a~b")]
    public void What_is_no_pointer_is_refused(string text) => Assert.False(JsonPointer.TryParse(text, out _));

    /// <summary>RFC 6901, section 3, character by character: json-pointer = *( "/" *( unescaped / "~0" / "~1" ) ); the empty one is not for us.</summary>
    [Property(MaxTest = 3000, Arbitrary = [typeof(Seeds)])]
    public void Whatever_is_written_is_read_as_the_grammar_says(int seed)
    {
        const string Alphabet = "//~~01ab*-. \0\u00E9\uD800#$";
        var random = new Random(seed);
        var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(i => i == 0 && random.Next(4) > 0 ? '/' : Alphabet[random.Next(Alphabet.Length)]));

        Assert.Equal(Segments(text) is not null, JsonPointer.TryParse(text, out var pointer));
        Assert.Equal(Segments(text), pointer?.Segments);
    }

    [Fact]
    public void A_pointer_of_any_length_is_read()
    {
        var text = string.Concat(Enumerable.Repeat("/~0~1", 100_000));

        Assert.True(JsonPointer.TryParse(text, out var pointer));
        Assert.Equal(100_000, pointer.Segments.Count);
        Assert.All(pointer.Segments, segment => Assert.Equal("~/", segment));
        Assert.False(JsonPointer.TryParse(text + "~", out _));
    }

    private static List<string>? Segments(string text)
    {
        var segments = new List<string>();
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '/':
                    segments.Add("");
                    continue;
                case var _ when segments.Count == 0:
                    return null;
                case '~' when at + 1 < text.Length && text[at + 1] is '0' or '1':
                    segments[^1] += text[++at] == '0' ? "~" : "/";
                    continue;
                case '~':
                    return null;
                default:
                    segments[^1] += text[at];
                    continue;
            }
        }

        return segments.Count == 0 ? null : segments;
    }
}
