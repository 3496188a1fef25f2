namespace Gateway.Idempotency.Response;

/// <summary>RFC 9110, sections 6.4.1 and 15: which answers have no content by definition.</summary>
internal static class StatusRules
{
    public static bool MayHaveBody(int status) => status is not (204 or 205 or 304) && status >= 200;
}
