namespace Gateway.Idempotency.Observation;

/// <summary>What became of one request on a protected route; under <c>Observe</c>, what would have. Each request has one.</summary>
public enum RequestOutcome
{
    /// <summary>It ran, and its answer is stored.</summary>
    Executed,

    /// <summary>It got the first request's answer.</summary>
    Replayed,

    /// <summary>409: the first one is still running.</summary>
    InProgress,

    /// <summary>422: another request under this key.</summary>
    KeyReused,

    /// <summary>400: no key where one is required.</summary>
    KeyMissing,

    /// <summary>400: a key that breaks a rule.</summary>
    KeyInvalid,

    /// <summary>400: nothing tells who asks.</summary>
    ActorMissing,

    /// <summary>413: a request that is larger than the policy takes.</summary>
    BodyTooLarge,

    /// <summary>It ran, or may have, and no whole answer came.</summary>
    Unknown,

    /// <summary>409: a retry was told that nobody knows what became of the first one.</summary>
    UnknownHeld,

    /// <summary>409: it has run, and its answer was not kept.</summary>
    NotRetained,

    /// <summary>It ran with no record behind it, as the store failed and the policy forwards all the same.</summary>
    Unprotected,

    /// <summary>It ran, its client has the answer, and the store does not have it (yet).</summary>
    NotStored,

    /// <summary>It did not run (nothing was sent, or the backend said so), and a retry runs.</summary>
    Released,

    /// <summary>503: the store did not answer, and nothing was forwarded.</summary>
    StoreUnavailable,

    /// <summary>Forwarded without a key, which the policy does not require.</summary>
    Keyless,

    /// <summary>503: as many requests of the route run as may (<c>MaxInFlight</c>).</summary>
    TooManyInFlight,

    /// <summary>400: the body is not what its <c>Content-Digest</c> says.</summary>
    DigestMismatch,

    /// <summary>503: the body is too large for memory, and there is no room for it on the disk.</summary>
    BufferUnavailable,

    /// <summary>401 or 403: it has run, and its caller may not have the answer any more.</summary>
    ReplayDenied,

    /// <summary>503: it has run, and whether its caller may have the answer could not be asked.</summary>
    AuthorizationUnavailable,

    /// <summary>429: its caller holds as many keys, or bytes, as may be.</summary>
    QuotaExceeded,
}

internal static class RequestOutcomes
{
    public static readonly int Count = Enum.GetValues<RequestOutcome>().Length;

    private static readonly string[] Names = [.. Enum.GetValues<RequestOutcome>().Select(NameOf)];

    /// <summary>As metrics, traces and the console call it.</summary>
    public static string Name(this RequestOutcome outcome) => Names[(int)outcome];

    private static string NameOf(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Executed => "executed",
        RequestOutcome.Replayed => "replayed",
        RequestOutcome.InProgress => "in-progress",
        RequestOutcome.KeyReused => "key-reused",
        RequestOutcome.KeyMissing => "key-missing",
        RequestOutcome.KeyInvalid => "key-invalid",
        RequestOutcome.ActorMissing => "actor-missing",
        RequestOutcome.BodyTooLarge => "body-too-large",
        RequestOutcome.Unknown => "unknown",
        RequestOutcome.UnknownHeld => "unknown-held",
        RequestOutcome.NotRetained => "not-retained",
        RequestOutcome.Unprotected => "unprotected",
        RequestOutcome.NotStored => "not-stored",
        RequestOutcome.Released => "released",
        RequestOutcome.StoreUnavailable => "store-unavailable",
        RequestOutcome.Keyless => "keyless",
        RequestOutcome.TooManyInFlight => "too-many-in-flight",
        RequestOutcome.DigestMismatch => "digest-mismatch",
        RequestOutcome.BufferUnavailable => "buffer-unavailable",
        RequestOutcome.ReplayDenied => "replay-denied",
        RequestOutcome.AuthorizationUnavailable => "authorization-unavailable",
        RequestOutcome.QuotaExceeded => "quota-exceeded",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
