using System.Collections.Frozen;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Idempotency.Response;

/// <summary>Makes the stored form of the answer that stands on the response.</summary>
internal static class AnswerPacker
{
    /// <param name="trailers">Null: none.</param>
    /// <param name="outer">Names of headers that are not the backend's; null: none.</param>
    public static ReadOnlyMemory<byte> Pack(
        HttpContext context, IdempotencyPolicy policy, AnswerKind kind, AnswerBuffer body, IHeaderDictionary? trailers, FrozenSet<string>? outer, DateTimeOffset now)
    {
        var response = context.Response;
        using var head = PooledBuffer.Rent(1024);
        AnswerRecord.Start(head, kind, response.StatusCode, now, context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase);
        if (kind == AnswerKind.Tombstone)
        {
            head.WriteInt32(0);
            head.WriteInt32(0);
            return AnswerRecord.Finish(head, body);
        }

        RetainedHeaders.Write(head, response.Headers, response.StatusCode, policy.ExcludedResponseHeaders, outer, policy.Key);
        if (trailers is null)
        {
            head.WriteInt32(0);
        }
        else
        {
            RetainedHeaders.Write(head, trailers, response.StatusCode, policy.ExcludedResponseHeaders, outer: null, policy.Key);
        }

        return AnswerRecord.Finish(head, body);
    }
}
