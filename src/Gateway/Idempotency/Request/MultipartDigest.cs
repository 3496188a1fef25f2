using System.Text;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace Gateway.Idempotency.Request;

/// <summary>
/// <c>multipart/form-data</c> (RFC 7578, RFC 2046 section 5.1) by its parts, in their order: name, file name, type and content. Clients make
/// up a new boundary with each try, so it does not matter; nor does what stands before the first part and behind the last.
/// </summary>
/// <remarks>Readers differ in how lenient they are. Whatever two of them could read differently is compared by its bytes.</remarks>
internal static class MultipartDigest
{
    /// <summary>Each costs far more than its bytes: without a bound a large body of empty parts would keep a processor for minutes.</summary>
    public const int MaxParts = 10_000;

    /// <summary>Bytes of one part's headers, which become texts. Without a bound a part of nothing but headers would take several times a large body of memory.</summary>
    public const int MaxPartHeaders = 16 * 1024;

    /// <returns>Null: it cannot be read in one way only.</returns>
    public static UInt128? Of(string? contentType, ReadOnlySpan<byte> body, JsonSelection selection)
    {
        if (!selection.IsFlat || Boundary(contentType) is not { } boundary)
        {
            return null;
        }

        // A delimiter stands at the start of a line: at the very beginning, or behind CRLF, which then is its own.
        ReadOnlySpan<byte> delimiter = Encoding.ASCII.GetBytes("\n--" + boundary);
        int at;
        if (body.StartsWith(delimiter[1..]))
        {
            at = delimiter.Length - 1;
        }
        else if (Next(body, delimiter) is var first and >= 0)
        {
            at = first + delimiter.Length;
        }
        else
        {
            return null;
        }

        using var list = new HashedStream(HashedList.MultipartBody);
        for (var parts = 0; parts <= MaxParts; parts++)
        {
            if (body[at..].StartsWith("--"u8))
            {
                // The end. What follows is no part; a delimiter in it would be one to some readers.
                return body[(at + 2)..].IndexOf(delimiter) < 0 && body[(at + 2)..] is [] or [(byte)'\r', (byte)'\n', ..] ? list.Digest() : null;
            }

            if (!body[at..].StartsWith("\r\n"u8))
            {
                return null; // something else that begins like a delimiter
            }

            var part = body[(at + 2)..];
            var end = Next(part, delimiter);
            if (end < 1 || !Write(list, part[..(end - 1)], selection))
            {
                return null;
            }

            at += 2 + end + delimiter.Length;
        }

        return null;
    }

    /// <returns>Where the delimiter's line feed stands; negative: nowhere, or not behind a carriage return.</returns>
    private static int Next(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> delimiter)
    {
        var at = bytes.IndexOf(delimiter);
        return at > 0 && bytes[at - 1] == (byte)'\r' ? at : -1;
    }

    private static string? Boundary(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.Parameters.Count(parameter => parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)) != 1)
        {
            return null;
        }

        // RFC 2046, section 5.1.1: 1 to 70 characters.
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        return boundary is { Length: >= 1 and <= 70 } && Ascii.IsValid(boundary) && !boundary.AsSpan().ContainsAny('\r', '\n', '\\') ? boundary : null;
    }

    private static bool Write(HashedStream list, ReadOnlySpan<byte> part, JsonSelection selection)
    {
        var length = part.StartsWith("\r\n"u8) ? 0 : part[..Math.Min(part.Length, MaxPartHeaders)].IndexOf("\r\n\r\n"u8);
        if (length < 0)
        {
            return false;
        }

        var content = part[(length == 0 ? 2 : length + 4)..];
        var lines = length == 0 ? [] : Encoding.Latin1.GetString(part[..length]).Split("\r\n");
        var headers = new List<(string Name, string Value)>(lines.Length);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || line[0] is ' ' or '\t' || line.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                return false;
            }

            headers.Add((line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' ', '\t')));
        }

        if (headers.FindAll(header => header.Name == "content-disposition") is not [var (_, text)]
            || !ContentDispositionHeaderValue.TryParse(text, out var disposition)
            || disposition.Parameters.DistinctBy(parameter => parameter.Name.Value, StringComparer.OrdinalIgnoreCase).Count() != disposition.Parameters.Count)
        {
            return false;
        }

        // Some readers take a backslash for itself and not for an escape, and see a text's end elsewhere.
        var isPlain = !text.Contains('\\', StringComparison.Ordinal);
        if (!selection.IsEverything)
        {
            var name = Encoding.Latin1.GetBytes(HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "");
            if (!isPlain || !Utf8.IsValid(name))
            {
                return false; // which pointer it is under cannot be told
            }

            if (!selection.Counts(Encoding.UTF8.GetString(name)))
            {
                return true;
            }
        }

        if (isPlain)
        {
            list.WriteText(disposition.DispositionType.Value.AsSpan());
            list.WriteInt32(disposition.Parameters.Count);
            foreach (var parameter in disposition.Parameters.OrderBy(parameter => parameter.Name.Value, StringComparer.OrdinalIgnoreCase))
            {
                list.WriteText(parameter.Name.Value!.ToLowerInvariant());
                list.WriteText(HeaderUtilities.RemoveQuotes(parameter.Value).Value);
            }
        }
        else
        {
            list.WriteText(text);
            list.WriteInt32(-1); // as it is spelled
        }

        // Its type, and whatever else a client says of it.
        list.WriteInt32(headers.Count - 1);
        foreach (var (name, value) in headers.Where(header => header.Name != "content-disposition").OrderBy(header => header.Name, StringComparer.Ordinal))
        {
            list.WriteText(name);
            list.WriteText(value);
        }

        list.WriteBytes(content);
        return true;
    }
}
