using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Stores;

namespace Gateway.Idempotency.Response;

/// <summary>Every answer that the gateway gives by itself. Titles of the draft's own cases are the draft's.</summary>
internal static class Problems
{
    /// <summary>How soon to try again where nothing better is known.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public static Problem KeyMissing(KeyRules rules) => new(
        400, "key-missing", "Idempotency-Key is missing",
        $"This operation needs a key in {rules.Place}: {rules.Format.Description}, {rules.MinLength} to {rules.MaxLength} characters, a new one for each new operation and the same one for each retry.",
        Retryable: false);

    public static Problem KeyInvalid(KeyRules rules, string brokenRule) => new(
        400, "key-invalid", "Idempotency-Key is invalid",
        $"The key in {rules.Place} cannot be used: {brokenRule}.",
        Retryable: false);

    public static Problem RepeatabilityExpired(TimeSpan window) => new(
        412, "repeatability-expired", "The request was first sent too long ago",
        $"By {Repeatability.FirstSent} it may have run, and what became of it is kept for {window:c} only. Nothing was forwarded.",
        Retryable: false);

    public static Problem ActorMissing(ActorRules rules) => new(
        400, "actor-missing", "The caller cannot be told apart",
        rules.NeedsAuthentication
            ? $"The caller's credentials do not carry all of: {string.Join(", ", rules.Sources.Where(source => source.Kind == ActorKind.Claim))}. Without them, callers could read each other's answers."
            : $"The request carries none of: {string.Join(", ", rules.Sources)}. Without one, callers could read each other's answers.",
        Retryable: false);

    public static Problem BodyTooLarge(int limit) => new(
        413, "body-too-large", "The request body is too large",
        $"This operation takes at most {limit} bytes. Nothing was recorded and nothing was forwarded.",
        Retryable: false);

    public static Problem DigestMismatch() => new(
        400, "digest-mismatch", "The body is not what its digest says",
        "Content-Digest or Repr-Digest (RFC 9530) cannot be read, or is the digest of other bytes. Nothing was recorded and nothing was forwarded.",
        Retryable: false);

    public static Problem BufferUnavailable() => new(
        503, "buffer-unavailable", "There is no room for the request now",
        "Nothing was recorded and nothing was forwarded. Retry with the same key.",
        Retryable: true)
    { RetryAfter = Soon };

    public static Problem AuthorizationUnavailable() => new(
        503, "authorization-unavailable", "Whether the answer may be given cannot be asked now",
        "The request with this key has run, and its answer is kept. Nothing was forwarded. Retry with the same key.",
        Retryable: true)
    { RetryAfter = Soon };

    /// <param name="untilRoom">Until the first of the caller's keys is forgotten.</param>
    public static Problem QuotaExceeded(IdempotencyPolicy policy, TimeSpan untilRoom) => new(
        429, "quota-exceeded", "Too many keys are in use",
        $"The caller holds as many keys of this operation as may be at once ({(policy.MaxLiveKeysPerActor > 0 ? policy.MaxLiveKeysPerActor : "by the size of their answers")}). Keys that are in use go on working. Nothing was forwarded.",
        Retryable: true)
    { RetryAfter = untilRoom };

    public static Problem StoreUnavailable() => new(
        503, "store-unavailable", "The idempotency store is unavailable",
        "Nothing was forwarded. Retry with the same key.",
        Retryable: true)
    { RetryAfter = Soon };

    public static Problem TooManyInFlight(int most) => new(
        503, "too-many-in-flight", "Too many requests are running",
        $"{most} requests of this operation run already. Nothing was forwarded. Retry with the same key.",
        Retryable: true)
    { RetryAfter = Soon };

    public static Problem KeyReused(in Fingerprint first, in Fingerprint now)
    {
        var differs = new List<string>(3);
        if (first.RequestLine != now.RequestLine)
        {
            differs.Add("request line");
        }

        if (first.Headers != now.Headers)
        {
            differs.Add("headers");
        }

        if (first.Body != now.Body)
        {
            differs.Add("body");
        }

        return new(
            422, "key-reused", "Idempotency-Key is already used",
            $"This key belongs to another request; they differ in: {string.Join(", ", differs)}. A new operation needs a new key.",
            Retryable: false)
        { Differs = differs };
    }

    public static Problem InProgress(TimeSpan leaseRemaining) => new(
        409, "in-progress", "A request is outstanding for this Idempotency-Key",
        "The first request with this key is still running. Retry with the same key.",
        Retryable: true)
    { RetryAfter = leaseRemaining };

    /// <summary>A retry finds an outcome that nobody knows.</summary>
    public static Problem OutcomeUnknown(DateTimeOffset firstSeen) => new(
        409, "outcome-unknown", "The outcome of the request is unknown",
        "A request with this key was sent, and whether it took effect is not known. Do not send it under another key: find out first.",
        Retryable: false)
    { FirstSeen = firstSeen };

    /// <summary>This request's own outcome became unknown.</summary>
    public static Problem OutcomeLost(int status, DateTimeOffset firstSeen, OutcomeUnknownBehaviour behaviour) => new(
        status, "outcome-unknown", "The outcome of the request is unknown",
        behaviour == OutcomeUnknownBehaviour.Retry
            ? "The request was sent and no whole answer came back: it may have taken effect. Retry with the same key: it will run again."
            : "The request was sent and no whole answer came back: it may have taken effect. Do not send it under another key: find out first.",
        Retryable: behaviour == OutcomeUnknownBehaviour.Retry)
    { FirstSeen = firstSeen };

    public static Problem UpstreamUnreachable(int status) => new(
        status, "upstream-unreachable", "The backend could not be reached",
        "Nothing was sent to the backend. Retry with the same key.",
        Retryable: true)
    { RetryAfter = Soon };

    public static Problem ResponseNotRetained(in AnswerRecord tombstone) => new(
        409, "response-not-retained", "The response was not retained",
        "The request with this key has run and its answer was given, but the answer was not kept. It will not run again.",
        Retryable: false)
    { OriginalStatus = tombstone.Status, CompletedAt = tombstone.CompletedAt };
}
