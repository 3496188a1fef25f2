namespace Gateway.Stores;

/// <summary>The verbs of <see cref="IIdempotencyStore"/>, for telemetry.</summary>
internal enum StoreVerb
{
    Begin,
    Find,
    Renew,
    Complete,
    MarkUnknown,
    Release,
}
