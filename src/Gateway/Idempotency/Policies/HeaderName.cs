using System.Buffers;

namespace Gateway.Idempotency.Policies;

/// <summary>RFC 9110, section 5.1: a field name is a token.</summary>
internal static class HeaderName
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // Those whose echo on an answer would change what it says, or give a credential away.
    private static readonly System.Collections.Frozen.FrozenSet<string> Taken = System.Collections.Frozen.FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "Proxy-Authenticate", "WWW-Authenticate", "Host", "Connection", "Keep-Alive", "Upgrade",
        "Transfer-Encoding", "TE", "Trailer", "Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range",
        "Cache-Control", "Date", "ETag", "Expect", "Link", "Location", "Retry-After", "Server", "Vary", "Idempotent-Replayed", "Idempotency-Status");

    public static bool HasAMeaningOfItsOwn(string name) => Taken.Contains(name);

    public static bool IsValid(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(Token);
}
