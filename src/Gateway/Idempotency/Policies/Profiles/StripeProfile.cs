using System.Collections.Frozen;

namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>
/// Stripe's API v1: https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/error-low-level and
/// https://docs.stripe.com/api/errors.
/// <list type="bullet">
/// <item>"Idempotent requests": the first answer is kept "regardless of whether it succeeds or fails", 500 included: every 5xx is
/// replayed, none is released or unknown. Only answers from before "the execution of an endpoint begins" are not kept: 401, 403,
/// 429 and the like are released.</item>
/// <item>"Idempotent requests": other parameters under the same key are an error: 400 with the type <c>idempotency_error</c>
/// ("Errors"). A concurrent request is 409 ("Advanced error handling"), with the code <c>idempotency_key_in_use</c>.</item>
/// <item>"Idempotent requests": parameters are compared; requests of v1 carry them as forms.</item>
/// <item>"Idempotent requests": keys are optional, 255 characters at most, kept for at least 24 hours.</item>
/// <item>"Advanced error handling": <c>Stripe-Should-Retry</c> tells the client libraries whether a retry makes sense;
/// <c>Idempotent-Replayed: true</c> marks a replay; <c>Idempotency-Key</c> is sent back.</item>
/// </list>
/// </summary>
internal static class StripeProfile
{
    public static readonly ProfileDefaults Defaults = new()
    {
        Profile = PolicyProfile.Stripe,
        ErrorFormat = ErrorFormat.Stripe,
        RefusalStatusCodes = new Dictionary<string, int> { ["key-reused"] = 400 }.ToFrozenDictionary(),
        KeyRequired = false,
        Body = BodyReading.Form,
        ReleaseStatusCodes = ["401", "403", "407", "408", "425", "429"],
        UnknownStatusCodes = [],
    };
}
