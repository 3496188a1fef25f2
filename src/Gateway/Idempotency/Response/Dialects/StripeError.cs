using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Response.Dialects;

/// <summary>
/// Errors as Stripe's API has them (https://docs.stripe.com/api/errors): its client libraries make exceptions of <c>type</c>, and ask
/// <c>Stripe-Should-Retry</c> before they try again (https://docs.stripe.com/error-low-level).
/// </summary>
internal static class StripeError
{
    public const string ShouldRetryHeader = "Stripe-Should-Retry";

    public static void Write(IHeaderDictionary headers, Utf8JsonWriter json, in Problem problem)
    {
        // Without it they would repeat every 409, one whose outcome is unknown too.
        headers[ShouldRetryHeader] = problem.Retryable ? "true" : "false";
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("type", Type(problem));
        json.WriteString("code", Code(problem.Code));
        json.WriteString("message", problem.Detail);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Type(in Problem problem) => problem.Code switch
    {
        "key-reused" => "idempotency_error",
        _ when problem.Status >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    private static string Code(string code) => code == "in-progress" ? "idempotency_key_in_use" : ErrorCode.WithUnderscores(code);
}
