namespace Gateway.Idempotency.Response;

/// <summary>One answer of the gateway itself (RFC 9457), with the members that DESIGN names.</summary>
internal readonly record struct Problem(int Status, string Code, string Title, string Detail, bool Retryable)
{
    /// <summary>With the status that the policy has for such a refusal.</summary>
    public Problem Under(Policies.IdempotencyPolicy policy) =>
        policy.RefusalStatusCodes.TryGetValue(Code, out var status) ? this with { Status = status } : this;

    /// <summary>Sent as <c>Retry-After</c>, in whole seconds, rounded up.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The parts of the request that differ, by name.</summary>
    public IReadOnlyList<string>? Differs { get; init; }

    public DateTimeOffset? FirstSeen { get; init; }

    public int? OriginalStatus { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}
