namespace Gateway.Idempotency;

/// <summary>The header by which the gateway says that an answer is less than it looks.</summary>
internal static class StatusHeader
{
    public const string Name = "Idempotency-Status";

    /// <summary>The answer was given and the store has not taken it (yet): a retry may be told that the outcome is unknown.</summary>
    public const string NotStored = "not-stored";

    /// <summary>The store was down and the policy forwards all the same.</summary>
    public const string Unprotected = "unprotected";

    /// <summary>The policy observes: the request ran as it would have, and its answer is recorded.</summary>
    public const string Observed = "observed";

    /// <summary>The policy observes: the first request's answer would have been given, and the request was forwarded.</summary>
    public const string WouldReplay = "would-replay";

    /// <summary>The policy observes: the request would have been refused with the problem of this code, and was forwarded.</summary>
    public const string WouldRefusePrefix = "would-refuse-";
}
