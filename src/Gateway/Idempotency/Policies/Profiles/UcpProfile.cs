using System.Collections.Frozen;

namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>
/// The Universal Commerce Protocol: docs/specification of https://github.com/Universal-Commerce-Protocol/ucp.
/// <list type="bullet">
/// <item>signatures.md, "Replay Protection": a key has at least 128 bits, such as a UUID or 22 alphanumeric characters: 22 characters
/// at least. 24 hours at least, 48 recommended: 48. The store down: 503, nothing runs.</item>
/// <item>signatures.md, "Payload Matching": the SHA-256 of the raw body bytes decides, so nothing of a body is overlooked, and headers do
/// not count.</item>
/// <item>signatures.md and shopping/checkout/rest.md: 409 where a key comes back with another body.</item>
/// <item>overview/index.md, "Error Responses", and rest.md: protocol errors are JSON with <c>code</c> and <c>content</c>.</item>
/// <item>source/services/shopping/rest.openapi.json: the header is required on what changes state.</item>
/// <item>It is silent on 5xx, on requests in flight, and on echo and mark: as <see cref="IetfProfile"/>.</item>
/// </list>
/// </summary>
internal static class UcpProfile
{
    public static readonly ProfileDefaults Defaults = new()
    {
        Profile = PolicyProfile.Ucp,
        ErrorFormat = ErrorFormat.Ucp,
        RefusalStatusCodes = new Dictionary<string, int> { ["key-reused"] = 409 }.ToFrozenDictionary(),
        KeyMinLength = 22,
        Body = BodyReading.Raw,
        MediaType = false,
        Retention = TimeSpan.FromHours(48),
    };
}
