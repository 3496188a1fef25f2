using System.Buffers;

namespace Gateway.Idempotency.Policies;

/// <summary>RFC 9110, section 5.1: a field name is a token.</summary>
internal static class HeaderName
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool IsValid(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(Token);
}
