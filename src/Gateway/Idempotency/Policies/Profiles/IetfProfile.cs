namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>
/// draft-ietf-httpapi-idempotency-key-header-07.
/// <list type="bullet">
/// <item>Section 2.7: 400 where a required key is missing, 422 where it is reused with another request, 409 where the first is
/// outstanding; bodies as RFC 9457 has them, titled as the draft's examples are.</item>
/// <item>Section 2.2: keys are random and unique; no length is set. 255 characters is this gateway's.</item>
/// <item>Section 2.4: what a fingerprint is made of is the server's choice. JSON that means the same is the same here.</item>
/// <item>Sections 2.3 and 2.6: how long keys live is the server's to publish, as is what becomes of errors: the backend's own are
/// kept, but for those that say that nothing was done (released) and those of another proxy (unknown).</item>
/// <item>The draft knows neither an echo nor a mark of replays. Both are set, as most of the field does.</item>
/// </list>
/// </summary>
internal static class IetfProfile
{
    public static readonly ProfileDefaults Defaults = new() { Profile = PolicyProfile.Ietf, ErrorFormat = ErrorFormat.Problem };
}
