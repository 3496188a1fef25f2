namespace Gateway.Idempotency.Policies;

/// <summary>Where the key stands and what it has to look like. <c>Policies:{name}:Key</c>.</summary>
internal sealed class KeyRules
{
    public const string DefaultHeader = "Idempotency-Key";

    /// <summary>The header's name. Default <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header-07, section 2.1).</summary>
    public string Header { get; init; } = DefaultHeader;

    /// <summary>False: a request without a key is forwarded unprotected.</summary>
    public bool Required { get; init; } = true;

    public KeyFormat Format { get; init; } = KeyFormat.Any;

    /// <summary>Characters of the decoded key, 1 to 1024. Default 1.</summary>
    public int MinLength { get; init; } = 1;

    /// <summary>Characters of the decoded key, 1 to 1024. Default 255.</summary>
    public int MaxLength { get; init; } = 255;
}
