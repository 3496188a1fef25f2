using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Idempotency.Response;

/// <summary>Writes a problem, as <c>application/problem+json</c> or as the policy's clients know errors.</summary>
/// <param name="specificationPath">Where the published specification is; problem types are its fragments.</param>
internal sealed class ProblemWriter(string specificationPath)
{
    private readonly string _link = $"<{specificationPath}>; rel=\"describedby\"";

    public async Task WriteAsync(HttpContext context, Problem problem, string operation, ErrorFormat format)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
        response.ContentType = format == ErrorFormat.Problem ? "application/problem+json" : "application/json";
        response.Headers.ContentLanguage = "en";
        response.Headers.Link = _link;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            switch (format)
            {
                case ErrorFormat.Problem:
                    Write(json, problem, operation);
                    break;
                case ErrorFormat.Stripe:
                    StripeError.Write(response.Headers, json, problem);
                    break;
                case ErrorFormat.Acp:
                    AcpError.Write(json, problem);
                    break;
                case ErrorFormat.Ucp:
                    UcpError.Write(json, problem);
                    break;
                default:
                    throw new InvalidOperationException($"Error format {format} has no writer.");
            }
        }

        response.ContentLength = body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory);
    }

    private void Write(Utf8JsonWriter json, in Problem problem, string operation)
    {
        json.WriteStartObject();
        json.WriteString("type", $"{specificationPath}#{problem.Code}");
        json.WriteString("title", problem.Title);
        json.WriteNumber("status", problem.Status);
        json.WriteString("detail", problem.Detail);
        json.WriteString("code", problem.Code);
        json.WriteBoolean("retryable", problem.Retryable);
        json.WriteString("operation", operation);
        if (problem.Differs is { } differs)
        {
            json.WriteStartArray("differs");
            foreach (var part in differs)
            {
                json.WriteStringValue(part);
            }

            json.WriteEndArray();
        }

        if (problem.FirstSeen is { } firstSeen)
        {
            json.WriteString("firstSeen", firstSeen.UtcDateTime);
        }

        if (problem.OriginalStatus is { } status)
        {
            json.WriteNumber("originalStatus", status);
        }

        if (problem.CompletedAt is { } completedAt)
        {
            json.WriteString("completedAt", completedAt.UtcDateTime);
        }

        json.WriteEndObject();
    }
}
