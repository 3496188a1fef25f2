namespace Gateway.Idempotency.Request;

/// <summary>A Content-Type without its parameters (RFC 9110, section 8.3).</summary>
internal static class MediaType
{
    public static ReadOnlySpan<char> Of(string? contentType)
    {
        var type = contentType.AsSpan();
        var parameters = type.IndexOf(';');
        return (parameters < 0 ? type : type[..parameters]).Trim();
    }

    /// <summary>application/json, text/json, or a type with the structured suffix +json (RFC 6839).</summary>
    public static bool IsJson(string? contentType)
    {
        var type = Of(contentType);
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Equals("text/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    public static bool Is(string? contentType, string mediaType) => Of(contentType).Equals(mediaType, StringComparison.OrdinalIgnoreCase);

    public static bool IsEventStream(string? contentType) => Is(contentType, "text/event-stream");
}
