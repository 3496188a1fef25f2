namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>
/// The Agentic Commerce Protocol, version 2026-04-17: rfcs/rfc.agentic_checkout.md of
/// https://github.com/agentic-commerce-protocol/agentic-commerce-protocol.
/// <list type="bullet">
/// <item>Section 6.1: a key is required, 255 characters at most, and belongs to caller and endpoint path: the same key on another
/// path is another key.</item>
/// <item>Section 6.2: requests are the same if their bodies are, as JSON; headers, so the media type, do not count. The query string,
/// of which it says nothing, does.</item>
/// <item>Sections 6.4 and 3.1: 400 <c>idempotency_key_required</c>, 409 <c>idempotency_in_flight</c> with <c>Retry-After</c>, 422
/// <c>idempotency_conflict</c>, as a flat object of <c>type</c>, <c>code</c> and <c>message</c>.</item>
/// <item>Section 6.5: a 5xx is not kept, and a retry after it runs. That is the backend's word, 502 and 504 included; where the
/// gateway itself does not know the outcome, it holds the key and says so all the same (<c>OutcomeUnknown</c>).</item>
/// <item>Section 6.6: 24 hours at least. Sections 3.1 and 6.3: the key is echoed, a replay marked.</item>
/// </list>
/// </summary>
internal static class AcpProfile
{
    public static readonly ProfileDefaults Defaults = new()
    {
        Profile = PolicyProfile.Acp,
        ErrorFormat = ErrorFormat.Acp,
        KeyScope = KeyScope.Path,
        Body = BodyReading.Json,
        MediaType = false,
        ReleaseStatusCodes = ["401", "403", "407", "408", "425", "429", "5xx"],
        UnknownStatusCodes = [],
    };
}
