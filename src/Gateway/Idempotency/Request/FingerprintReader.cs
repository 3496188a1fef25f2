using Gateway.Idempotency.Policies;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Request;

/// <summary>Says what a request was, in three digests over versioned, length-prefixed lists.</summary>
internal static class FingerprintReader
{
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

        return Digest.Of(list.Written);
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

        return Digest.Of(list.Written);
    }

    private static UInt128 Body(HttpRequest request, RequestBody body, FingerprintRules rules)
    {
        switch (rules.Body)
        {
            case BodyReading.None:
                using (var list = HashedListStart.Begin(HashedList.NoBody))
                {
                    return Digest.Of(list.Written);
                }

            case BodyReading.Json or BodyReading.Auto when rules.Body == BodyReading.Json || MediaType.IsJson(request.ContentType):
                using (var list = HashedListStart.Begin(HashedList.JsonBody, body.Length + 256))
                {
                    // What is not JSON, or ambiguous JSON, is compared as bytes: too strict is safe, too lax is not.
                    return JsonCanonicalizer.TryWrite(body.Bytes.Span, rules.Selection, list) ? Digest.Of(list.Written) : body.RawDigest();
                }

            default:
                return body.RawDigest();
        }
    }
}
