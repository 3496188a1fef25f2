using System.Diagnostics.CodeAnalysis;

namespace Gateway.Idempotency.Request;

/// <summary>A JSON Pointer (RFC 6901) in which <c>*</c> stands for any one segment.</summary>
internal sealed class JsonPointer
{
    private JsonPointer(IReadOnlyList<string> segments) => Segments = segments;

    /// <summary>Unescaped; the wildcard is <c>*</c>.</summary>
    public IReadOnlyList<string> Segments { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        pointer = null;
        if (text.Length == 0 || text[0] != '/')
        {
            return false; // "" points at the whole document, which Include and Exclude have other words for
        }

        var segments = text[1..].Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            for (var at = segments[i].IndexOf('~'); at >= 0; at = segments[i].IndexOf('~', at + 1))
            {
                if (at + 1 == segments[i].Length || segments[i][at + 1] is not ('0' or '1'))
                {
                    return false;
                }
            }

            // In this order: "~01" is "~1", not "/".
            segments[i] = segments[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }

        pointer = new JsonPointer(segments);
        return true;
    }

    /// <summary>As RFC 6901 writes it.</summary>
    public override string ToString() => string.Concat(Segments.Select(segment =>
        $"/{segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}"));
}
