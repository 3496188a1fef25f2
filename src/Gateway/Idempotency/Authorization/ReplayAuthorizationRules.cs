namespace Gateway.Idempotency.Authorization;

/// <summary>Whom to ask before a stored answer is given. <c>Policies:{name}:ReplayAuthorization</c>.</summary>
internal sealed record ReplayAuthorizationRules
{
    /// <summary>Absolute, http or https.</summary>
    public required Uri Url { get; init; }

    /// <summary>Default GET.</summary>
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    /// <summary>0.01 s to 1 min. Default 2 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Request headers that go along. Default <c>Authorization</c>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = ["Authorization"];
}
