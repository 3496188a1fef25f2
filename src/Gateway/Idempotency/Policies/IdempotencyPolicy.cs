using System.Collections.Frozen;
using Gateway.Idempotency.Authorization;

namespace Gateway.Idempotency.Policies;

internal enum PolicyMode
{
    /// <summary>Protect.</summary>
    Enforce,

    /// <summary>Compute, record and count everything, and refuse and replay nothing: for a roll-out.</summary>
    Observe,

    /// <summary>Forward as if there were no policy.</summary>
    Off,
}

/// <summary>Whose customs the policy follows: <see cref="Profiles.ProfileDefaults"/>.</summary>
internal enum PolicyProfile
{
    /// <summary>draft-ietf-httpapi-idempotency-key-header-07.</summary>
    Ietf,

    /// <summary>Stripe's API v1.</summary>
    Stripe,

    /// <summary>The Agentic Commerce Protocol.</summary>
    Acp,

    /// <summary>The Universal Commerce Protocol.</summary>
    Ucp,
}

/// <summary>What to do while the first request is still running.</summary>
internal enum InProgressBehaviour
{
    /// <summary>Answer 409 <c>in-progress</c> at once.</summary>
    Reject,

    /// <summary>Wait for its end, and answer as it was answered.</summary>
    Wait,
}

/// <summary>What a retry finds when nobody knows whether the first request ran.</summary>
internal enum OutcomeUnknownBehaviour
{
    /// <summary>Answer 409 <c>outcome-unknown</c> until an operator resolves it or the retention ends.</summary>
    Hold,

    /// <summary>Run it again: for backends that are idempotent themselves.</summary>
    Retry,
}

/// <summary>What to do when the store does not answer before the forward.</summary>
internal enum StoreFailureBehaviour
{
    /// <summary>Answer 503 <c>store-unavailable</c>, forward nothing.</summary>
    Reject,

    /// <summary>Forward unprotected and say so: <c>Idempotency-Status: unprotected</c>.</summary>
    Forward,
}

/// <summary>What one route's requests are held to. Immutable; a reload makes a new one.</summary>
internal sealed class IdempotencyPolicy
{
    public required string Name { get; init; }

    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>Where the policy says nothing, this does.</summary>
    public PolicyProfile Profile { get; init; }

    public ErrorFormat ErrorFormat { get; init; }

    /// <summary>Statuses of refusals, by code, 400 to 599. Those that are not named have their own.</summary>
    public FrozenDictionary<string, int> RefusalStatusCodes { get; init; } = FrozenDictionary<string, int>.Empty;

    /// <summary>Whether replays say <c>Idempotent-Replayed: true</c>. Default true.</summary>
    public bool MarkReplays { get; init; } = true;

    /// <summary>The methods that are protected. Default POST and PATCH: the two that HTTP does not define as idempotent.</summary>
    public FrozenSet<string> Methods { get; init; } = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "POST", "PATCH");

    /// <summary>What is being done, across routes that share it. Default: the route id.</summary>
    public string? Operation { get; init; }

    public KeyRules Key { get; init; } = new();

    public required ActorRules Actor { get; init; }

    public FingerprintRules Fingerprint { get; init; } = new();

    /// <summary>How long a finished record is replayed. Default 24 hours.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a claim counts as alive without renewal; renewed at a third of it. Default 30 seconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The absolute bound on one forward, streaming included; past it the outcome is unknown. Default 100 seconds.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(100);

    public InProgressBehaviour InProgress { get; init; }

    /// <summary>How long a request waits at most. Default 10 seconds.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests of one route that may wait at once, at one gateway. Default 100.</summary>
    public int MaxWaiting { get; init; } = 100;

    /// <summary>Live records that one actor may hold of the operation. 0: no limit.</summary>
    public int MaxLiveKeysPerActor { get; init; }

    /// <summary>Bytes of stored answers that one actor may hold of the operation. 0: no limit.</summary>
    public long MaxLiveBytesPerActor { get; init; }

    public bool HasQuota => MaxLiveKeysPerActor > 0 || MaxLiveBytesPerActor > 0;

    /// <summary>Requests of one route that may run at once, at one gateway. 0: no limit.</summary>
    public int MaxInFlight { get; init; }

    public OutcomeUnknownBehaviour OutcomeUnknown { get; init; }

    public StoreFailureBehaviour StoreFailure { get; init; }

    /// <summary>By these the backend says that it did not act: the record is released, and a retry runs.</summary>
    public FrozenSet<int> ReleaseStatusCodes { get; init; } = FrozenSet.Create(401, 403, 407, 408, 425, 429, 503);

    /// <summary>Behind these, from another proxy, the request may have run: the record becomes Unknown.</summary>
    public FrozenSet<int> UnknownStatusCodes { get; init; } = FrozenSet.Create(502, 504);

    /// <summary>Not stored, beside <c>Set-Cookie</c> and the hop-by-hop headers.</summary>
    public FrozenSet<string> ExcludedResponseHeaders { get; init; } = FrozenSet.Create<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>False: answers with a body are kept as tombstones, for routes that mint secrets.</summary>
    public bool RetainBody { get; init; } = true;

    /// <summary>Bytes. A larger request is answered 413 and nothing is recorded. Default 1 MiB.</summary>
    public int MaxRequestBodySize { get; init; } = 1 << 20;

    /// <summary>Bytes. A larger answer is streamed through and kept as a tombstone. 0 keeps no bodies. Default 1 MiB.</summary>
    public int MaxResponseBodySize { get; init; } = 1 << 20;

    /// <summary>How long the same request under another key counts as a suspected duplicate. Zero: nothing is suspected. Default 5 minutes.</summary>
    public TimeSpan DuplicateWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>True: operators may look at stored bodies. Default false: at status and headers only.</summary>
    public bool ShowBody { get; init; }

    /// <summary>True: answers are encrypted in the store. Default false.</summary>
    public bool EncryptAnswers { get; init; }

    /// <summary>False: records name the client's key by its digest alone. Default true.</summary>
    public bool RetainKey { get; init; } = true;

    /// <summary>Whom to ask before a stored answer is given. Null: nobody.</summary>
    public ReplayAuthorizationRules? ReplayAuthorization { get; init; }

    /// <summary>What is being done on a route that names this policy.</summary>
    public string OperationOn(string routeId) => Operation ?? routeId;

    public bool IsObserved => Mode == PolicyMode.Observe;

    /// <summary>Whether the policy looks at a request, with consequences or without.</summary>
    public bool Protects(string method) => Mode != PolicyMode.Off && Methods.Contains(method);
}
