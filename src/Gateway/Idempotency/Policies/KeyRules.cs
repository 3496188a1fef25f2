using Gateway.Idempotency.Request;

namespace Gateway.Idempotency.Policies;

/// <summary>Where the key stands and what it has to look like. <c>Policies:{name}:Key</c>.</summary>
internal sealed class KeyRules
{
    public const string DefaultHeader = "Idempotency-Key";

    /// <summary>The header's name. Default <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header-07, section 2.1).</summary>
    public string Header { get; init; } = DefaultHeader;

    /// <summary>Further headers that may carry the key instead. Default none.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The member of a JSON body that carries the key where no header does. Default none.</summary>
    public JsonPointer? Member { get; init; }

    /// <summary>False: a request without a key is forwarded unprotected.</summary>
    public bool Required { get; init; } = true;

    public KeyFormat Format { get; init; } = KeyFormat.Any;

    /// <summary>Characters of the decoded key, 1 to 1024. Default 1.</summary>
    public int MinLength { get; init; } = 1;

    /// <summary>Characters of the decoded key, 1 to 1024. Default 255.</summary>
    public int MaxLength { get; init; } = 255;

    public KeyScope Scope { get; init; }

    /// <summary>Whether the header is sent back. Default true.</summary>
    public bool Echo { get; init; } = true;

    /// <summary>All headers that may carry the key, the first one first.</summary>
    public IEnumerable<string> Headers => [Header, .. Aliases];

    public bool IsKeyHeader(string name)
    {
        if (name.Equals(Header, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach (var alias in Aliases)
        {
            if (name.Equals(alias, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>For clients: where to put the key.</summary>
    public string Place
    {
        get
        {
            var headers = Aliases.Count == 0 ? $"the header {Header}" : $"one of the headers {string.Join(", ", Headers)}";
            return Member is null ? headers : $"{headers} or the member {Member} of a JSON body";
        }
    }
}
