namespace Gateway.Idempotency.Response;

/// <summary>
/// Every problem that the gateway answers, for those who get one: the published specification has an anchor for each, to which
/// the problem's <c>type</c> leads.
/// </summary>
internal static class ProblemCatalog
{
    public static IReadOnlyList<ProblemEntry> All { get; } =
    [
        new("key-missing", [400], "Idempotency-Key is missing", "The operation requires a key, and the request has none. Nothing was forwarded.",
            "Send a key: a new one for each new operation, the same one for each retry of it.", false),
        new("key-invalid", [400], "Idempotency-Key is invalid", "The key breaks a rule: it is empty, sent several times, too long or too short, or not of the operation's format. Nothing was forwarded.",
            "Send a key that follows the operation's rules.", false),
        new("repeatability-expired", [412], "The request was first sent too long ago",
            "Repeatability-First-Sent lies further back than answers are kept: the request may have run, and nobody could tell. Nothing was forwarded.",
            "Find out whether it took effect. To do it anew, send a new Repeatability-Request-ID.", false),
        new("actor-missing", [400], "The caller cannot be told apart", "The request carries none of the values that tell callers apart. Without one, callers could read each other's answers. Nothing was forwarded.",
            "Send one of the values that the operation names.", false),
        new("body-too-large", [413], "The request body is too large", "The request is larger than the operation takes. Nothing was recorded, and nothing was forwarded.",
            "Send less.", false),
        new("buffer-unavailable", [503], "There is no room for the request now", "The request is large, and too many others are under way. Nothing was recorded, and nothing was forwarded.",
            "Retry with the same key, after the time in Retry-After.", true),
        new("digest-mismatch", [400], "The body is not what its digest says", "Content-Digest or Repr-Digest (RFC 9530) cannot be read, or is the digest of other bytes: something has changed the body on its way. Nothing was recorded, and nothing was forwarded.",
            "Send the body with its own digest, or without one.", false),
        new("authorization-unavailable", [503], "Whether the answer may be given cannot be asked now", "The request with this key has run, its answer is kept, and whether the caller may still have it could not be asked. Nothing was forwarded.",
            "Retry with the same key, after the time in Retry-After.", true),
        new("quota-exceeded", [429], "Too many keys are in use", "The caller holds as many keys of the operation, or as many bytes of answers, as may be at once. Nothing was forwarded; keys that are in use go on working.",
            "Send fewer new keys, or wait for the time in Retry-After, when the oldest is forgotten.", true),
        new("store-unavailable", [503], "The idempotency store is unavailable", "Whether the request was sent before cannot be looked up now. Nothing was forwarded.",
            "Retry with the same key, after the time in Retry-After.", true),
        new("too-many-in-flight", [503], "Too many requests are running", "As many requests of the operation run as may at once. Nothing was forwarded, and the key is free.",
            "Retry with the same key, after the time in Retry-After.", true),
        new("key-reused", [422], "Idempotency-Key is already used", "The key belongs to another request. The member differs says where they differ: request line, headers, body.",
            "Use a new key for a new operation; send a retry exactly as the first request.", false),
        new("in-progress", [409], "A request is outstanding for this Idempotency-Key", "The first request with this key is still running.",
            "Retry with the same key, after the time in Retry-After.", true),
        new("outcome-unknown", [409, 502, 504], "The outcome of the request is unknown",
            "The request was sent, and no whole answer came back: it may have taken effect. With 502 and 504 this request's own outcome was lost; with 409 that of an earlier one, first seen at firstSeen.",
            "Do not send it again under another key: find out first whether it took effect. Where retryable is true the operation is safe to repeat, and the same key runs it again.", false),
        new("response-not-retained", [409], "The response was not retained", "The request with this key has run and its answer was given, but the answer was not kept (it was too large, a stream, or secret). originalStatus and completedAt tell of it.",
            "It will not run again. Read the state of the resource.", false),
        new("upstream-unreachable", [502, 503, 504], "The backend could not be reached", "Nothing was sent to the backend, and the key is free.",
            "Retry with the same key, after the time in Retry-After.", true),
    ];

    /// <summary>Those that the gateway answers instead of forwarding, with their statuses: a policy may choose others.</summary>
    public static IReadOnlyDictionary<string, int> Refusals { get; } =
        All.Where(problem => problem.Code != "upstream-unreachable").ToDictionary(problem => problem.Code, problem => problem.Statuses[0]);
}

/// <param name="When">What has happened.</param>
/// <param name="Cure">What the client does now.</param>
/// <param name="Retryable">Of the usual case; the problem's own member says it of this one.</param>
internal sealed record ProblemEntry(string Code, IReadOnlyList<int> Statuses, string Title, string When, string Cure, bool Retryable);
