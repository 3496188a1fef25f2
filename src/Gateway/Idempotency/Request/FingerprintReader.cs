using Gateway.Idempotency.Policies;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Request;

/// <summary>Says what a request was, in three digests over versioned, length-prefixed lists.</summary>
internal static class FingerprintReader
{
    [ThreadStatic]
    private static DigestMemo? _requestLine;

    [ThreadStatic]
    private static DigestMemo? _headers;

    public static Fingerprint Read(HttpRequest request, RequestBody body, FingerprintRules rules) =>
        new(RequestLine(request, rules), Headers(request, rules), Body(request, body, rules));

    private static UInt128 RequestLine(HttpRequest request, FingerprintRules rules)
    {
        using var list = HashedListStart.Begin(HashedList.RequestLine);
        list.WriteText(request.Method);
        list.WriteText(request.PathBase.Value);
        list.WriteText(request.Path.Value);
        if (rules.Query)
        {
            list.WriteText(request.QueryString.Value);
        }

        return (_requestLine ??= new DigestMemo()).Of(list.Written);
    }

    private static UInt128 Headers(HttpRequest request, FingerprintRules rules)
    {
        using var list = HashedListStart.Begin(HashedList.Headers);
        Span<char> lower = stackalloc char[128];
        var mediaType = rules.MediaType ? MediaType.Of(request.ContentType) : [];
        var length = mediaType.ToLowerInvariant(lower);
        list.WriteText(length < 0 ? mediaType : lower[..length]);
        foreach (var name in rules.Headers)
        {
            var values = request.Headers[name];
            list.WriteInt32(values.Count);
            foreach (var value in values)
            {
                list.WriteText(value);
            }
        }

        return (_headers ??= new DigestMemo()).Of(list.Written);
    }

    /// <summary>Bytes of JSON above which it is compared by its bytes: reading it takes memory in proportion.</summary>
    internal const int MostRead = 16 << 20;

    private static UInt128 Body(HttpRequest request, RequestBody body, FingerprintRules rules)
    {
        if (rules.Body != BodyReading.None && ContentDigest.HasCoding(request))
        {
            // Decoded, two bodies may be the same that are not the same bytes; too strict is safe.
            using var list = HashedListStart.Begin(HashedList.CodedBody);
            list.WriteText(request.Headers.ContentEncoding.ToString().ToLowerInvariant());
            list.WriteUInt128(body.RawDigest());
            return Digest.Of(list.Written);
        }

        switch (rules.Body)
        {
            case BodyReading.None:
                using (var list = HashedListStart.Begin(HashedList.NoBody))
                {
                    return Digest.Of(list.Written);
                }

            // What is not what it should be, or ambiguous, is compared as bytes: too strict is safe, too lax is not.
            case BodyReading.Json or BodyReading.Auto when rules.Body == BodyReading.Json || MediaType.IsJson(request.ContentType):
                if (body.Length > MostRead)
                {
                    return body.RawDigest();
                }

                using (var view = body.View())
                using (var list = HashedListStart.Begin(HashedList.JsonBody, body.Length + 256))
                {
                    return JsonCanonicalizer.TryWrite(view.Bytes, rules.Selection, list) ? Digest.Of(list.Written) : body.RawDigest();
                }

            case BodyReading.Multipart or BodyReading.Auto when rules.Body == BodyReading.Multipart || MediaType.Is(request.ContentType, "multipart/form-data"):
                using (var view = body.View())
                {
                    return MultipartDigest.Of(request.ContentType, view.Bytes, rules.Selection) ?? body.RawDigest();
                }

            case BodyReading.Form when MediaType.Is(request.ContentType, "application/x-www-form-urlencoded"): // what is no form would be read as a queer one
                if (body.Length > FormDigest.MaxLength)
                {
                    return body.RawDigest();
                }

                using (var view = body.View())
                {
                    return FormDigest.Of(view.Bytes, rules.Selection) ?? body.RawDigest();
                }

            default:
                return body.RawDigest();
        }
    }
}
