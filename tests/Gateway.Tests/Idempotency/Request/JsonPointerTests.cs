using Gateway.Idempotency.Request;

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
}
