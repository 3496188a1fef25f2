namespace Gateway.Stores.Sqlite;

/// <summary>Settings of the embedded store, <c>Idempotency:Stores:Sqlite</c>.</summary>
internal sealed record SqliteStoreOptions
{
    /// <summary>
    /// The database file. Several gateways on one machine may share it; a network file system is not safe
    /// (<see href="https://sqlite.org/wal.html">SQLite, WAL</see>: all processes on the same host). Missing folders are made.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>How long one call waits for another process's write before it fails. Default 2 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
