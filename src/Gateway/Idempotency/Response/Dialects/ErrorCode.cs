namespace Gateway.Idempotency.Response.Dialects;

/// <summary>A problem's code where codes are written with underscores.</summary>
internal static class ErrorCode
{
    public static string WithUnderscores(string code) => code.Replace('-', '_');
}
