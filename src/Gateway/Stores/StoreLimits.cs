namespace Gateway.Stores;

/// <summary>How long the store may take: a hung store is no refused connection, and must not hang its callers.</summary>
/// <param name="Operation"><c>Stores:OperationTimeout</c>, one call. Default 2 s.</param>
/// <param name="Completion"><c>Stores:CompletionTimeout</c>, all tries to keep an answer before the client gets it. Default 5 s.</param>
internal sealed record StoreLimits(TimeSpan Operation, TimeSpan Completion);
