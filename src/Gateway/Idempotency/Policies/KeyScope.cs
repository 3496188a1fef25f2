namespace Gateway.Idempotency.Policies;

/// <summary>Within what a caller's key names one request.</summary>
internal enum KeyScope
{
    /// <summary>The operation: on another path of it the key is reused.</summary>
    Operation,

    /// <summary>The operation and the path: on another path it is another key.</summary>
    Path,
}
