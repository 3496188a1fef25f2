using System.Text;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>
/// What a key header means, written from the grammar and without a look at the reader: OWS, then either a whole sf-string
/// (RFC 9651, sections 3.3.3 and 4.2.5: DQUOTE *chr DQUOTE, chr = unescaped / escaped) or a bare run of visible ASCII in which
/// no comma and no quote stands, then OWS. Beyond the grammar a key holds no space, and is neither empty nor longer than allowed.
/// </summary>
internal static class KeyGrammar
{
    /// <returns>Null: no key.</returns>
    public static string? Decode(IReadOnlyList<string?> lines, int most = 255)
    {
        if (lines.Count != 1)
        {
            return null;
        }

        var text = WithoutOws(lines[0] ?? "");
        var key = text.StartsWith('"') ? SfString(text) : Bare(text);
        return key is { Length: > 0 } && key.Length <= most && key.All(IsVisible) ? key : null;
    }

    /// <summary>RFC 9651, section 4.1.6.</summary>
    public static string Encode(string key)
    {
        var text = new StringBuilder("\"");
        foreach (var c in key)
        {
            text.Append(c is '"' or '\\' ? "\\" : "").Append(c);
        }

        return text.Append('"').ToString();
    }

    /// <summary>Section 4.2.5 as a machine of three states; a space is a chr there.</summary>
    private static string? SfString(string text)
    {
        var key = new StringBuilder();
        var state = 'i'; // inside, escaped, behind
        foreach (var c in text.Skip(1))
        {
            (state, var append) = (state, c) switch
            {
                ('i', '\\') => ('e', ""),
                ('i', '"') => ('b', ""),
                ('i', >= ' ' and <= '~') => ('i', c.ToString()),
                ('e', '"' or '\\') => ('i', c.ToString()),
                _ => ('x', ""), // never to be left
            };
            key.Append(append);
        }

        return state == 'b' ? key.ToString() : null;
    }

    private static string? Bare(string text) => text.Any(c => !IsVisible(c) || c is ',' or '"') ? null : text;

    private static bool IsVisible(char c) => c is > ' ' and < '\u007F';

    private static string WithoutOws(string text)
    {
        var characters = text.SkipWhile(IsOws).Reverse().SkipWhile(IsOws).Reverse();
        return string.Concat(characters);
    }

    private static bool IsOws(char c) => c is ' ' or '\t';
}
