using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Idempotency.Request;

/// <summary>
/// <c>Content-Digest</c> and <c>Repr-Digest</c> (RFC 9530): what a client says of its body is checked before anything comes of it. SHA-256
/// and SHA-512 are known; other algorithms are passed over (section 4), as section 5 calls them insecure or nobody uses them.
/// </summary>
internal static class ContentDigest
{
    private const string ContentField = "Content-Digest";
    private const string RepresentationField = "Repr-Digest";

    /// <summary>Whether there is anything to check.</summary>
    public static bool IsOn(IHeaderDictionary headers) => headers.ContainsKey(ContentField) || headers.ContainsKey(RepresentationField);

    /// <returns>False: a digest is another one's, or the field cannot be read.</returns>
    public static bool Holds(HttpRequest request, ReadOnlySpan<byte> body) =>
        Holds(request.Headers[ContentField], body)

        // Without a coding, and not of a part, the representation is the content (section 3).
        && (HasCoding(request) || request.Headers.ContainsKey("Content-Range") || Holds(request.Headers[RepresentationField], body));

    /// <summary>RFC 9110, section 8.4: <c>identity</c> is no coding.</summary>
    public static bool HasCoding(HttpRequest request) =>
        request.Headers.ContentEncoding is { Count: > 0 } coding && !string.Equals(coding.ToString().Trim(), "identity", StringComparison.OrdinalIgnoreCase);

    private static bool Holds(StringValues field, ReadOnlySpan<byte> body)
    {
        // A dictionary of byte sequences (RFC 9651, sections 3.2 and 3.3.5); of a repeated name the last one counts.
        var digests = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var member in field.Count == 0 ? [] : Members(field.ToString()))
        {
            if (member.Trim(' ', '\t').Split('=', 2) is not [{ Length: > 0 } name, { Length: > 1 } value] || value[0] != ':' || value.IndexOf(':', 1) is var end && end < 0
                || (end + 1 < value.Length && value[end + 1] != ';') || Decode(value[1..end]) is not { } digest)
            {
                return false;
            }

            digests[name] = digest;
        }

        foreach (var (name, digest) in digests)
        {
            var actual = name switch
            {
                "sha-256" => SHA256.HashData(body),
                "sha-512" => SHA512.HashData(body),
                _ => null,
            };
            if (actual is not null && !actual.AsSpan().SequenceEqual(digest))
            {
                return false;
            }
        }

        return true;
    }
    /// <summary>Parts at the commas that stand in no string (a member's parameter may be one).</summary>
    private static IEnumerable<string> Members(string field)
    {
        var (start, isString) = (0, false);
        for (var i = 0; i < field.Length; i++)
        {
            switch (field[i])
            {
                case '\\' when isString:
                    i++;
                    break;
                case '"':
                    isString = !isString;
                    break;
                case ',' when !isString:
                    yield return field[start..i];
                    start = i + 1;
                    break;
            }
        }

        yield return field[start..];
    }

    /// <summary>Padding may be left away (RFC 9651, section 4.2.7).</summary>
    private static byte[]? Decode(string base64)
    {
        var padded = base64.PadRight((base64.Length + 3) / 4 * 4, '=');
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? bytes[..length] : null;
    }
}
