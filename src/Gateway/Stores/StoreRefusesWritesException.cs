namespace Gateway.Stores;

/// <summary>The store is there and takes no writes: its disk or its memory is full, or it is read-only (after a fail-over, say).</summary>
public sealed class StoreRefusesWritesException(Exception inner) : Exception($"The store refuses writes: {inner.Message}", inner);
