using System.Text.Json;

namespace Gateway.Idempotency.Response.Dialects;

/// <summary>
/// The flat error of the Agentic Commerce Protocol (rfc.agentic_checkout.md, sections 3.1 and 6.4, version 2026-04-17). Its schema
/// takes no other members.
/// </summary>
internal static class AcpError
{
    public static void Write(Utf8JsonWriter json, in Problem problem)
    {
        json.WriteStartObject();
        json.WriteString("type", Type(problem.Status));
        json.WriteString("code", Code(problem.Code));
        json.WriteString("message", problem.Detail);
        json.WriteEndObject();
    }

    private static string Type(int status) => status switch
    {
        503 => "service_unavailable",
        >= 500 => "processing_error",
        _ => "invalid_request",
    };

    private static string Code(string code) => code switch
    {
        "key-missing" => "idempotency_key_required",
        "in-progress" => "idempotency_in_flight",
        "key-reused" => "idempotency_conflict",
        _ => ErrorCode.WithUnderscores(code),
    };
}
