using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Idempotency.Response;

/// <summary>Gives a stored answer again: status, reason phrase, headers, body and trailers as they were.</summary>
internal static class Replay
{
    public const string MarkerHeader = "Idempotent-Replayed";

    /// <param name="key">Of the request at hand.</param>
    public static ValueTask WriteAsync(HttpContext context, in AnswerRecord answer, in KeyReading key, IdempotencyPolicy policy)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        var head = answer.ReadHead();
        if (head.ReadReasonPhrase() is { } reasonPhrase)
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = reasonPhrase;
        }

        for (var left = head.ReadCount(); left > 0; left--)
        {
            var (name, value) = head.ReadLine();
            var headers = response.Headers;
            headers[name] = StringValues.Concat(headers[name], value);
        }

        for (var left = head.ReadCount(); left > 0; left--)
        {
            var (name, value) = head.ReadLine();
            if (response.SupportsTrailers())
            {
                response.AppendTrailer(name, value);
            }
        }

        KeyMarks.Write(response, key, policy.Key, isAccepted: true);
        if (policy.MarkReplays)
        {
            response.Headers[MarkerHeader] = "true";
        }

        return WriteBodyAsync(response, answer.Body);
    }

    /// <summary>The last step of a first answer and of a replay alike.</summary>
    public static async ValueTask WriteBodyAsync(HttpResponse response, ReadOnlyMemory<byte> body)
    {
        if (!StatusRules.MayHaveBody(response.StatusCode))
        {
            if (response.StatusCode != StatusCodes.Status304NotModified)
            {
                response.ContentLength = null;
            }

            return;
        }

        response.ContentLength = body.Length;
        if (body.Length > 0)
        {
            // No token: the answer is stored, and a client that has gone takes nothing away from it.
            await response.BodyWriter.WriteAsync(body);
        }
    }
}
