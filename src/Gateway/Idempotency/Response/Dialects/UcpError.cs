using System.Text.Json;

namespace Gateway.Idempotency.Response.Dialects;

/// <summary>
/// A protocol error of the Universal Commerce Protocol (docs/specification/shopping/checkout/rest.md, "Error Responses"). It names no codes
/// for idempotency: they are this gateway's, spelt as UCP spells codes.
/// </summary>
internal static class UcpError
{
    public static void Write(Utf8JsonWriter json, in Problem problem)
    {
        json.WriteStartObject();
        json.WriteString("code", ErrorCode.WithUnderscores(problem.Code));
        json.WriteString("content", problem.Detail);
        json.WriteEndObject();
    }
}
