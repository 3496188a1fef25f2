namespace Gateway.Stores.SqlServer;

/// <summary>Settings of the SQL Server store, <c>Idempotency:Stores:SqlServer</c>.</summary>
internal sealed record SqlServerStoreOptions
{
    /// <summary>
    /// Microsoft.Data.SqlClient's connection string
    /// (<see href="https://learn.microsoft.com/sql/connect/ado-net/connection-string-syntax"/>). It may hold a password: never logged.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>The schema of the tables: a letter or underscore, then letters, digits and underscores, 128 at most. Default <c>idempotency</c>.</summary>
    public string Schema { get; init; } = SqlServerScripts.DefaultSchema;

    /// <summary>
    /// True, the default: schema and tables are made at start where they are missing, which needs the right to. False: they have
    /// to be there (<c>Scripts/schema.sql</c>; <c>Scripts/open_index.sql</c> for the look at open records), and the gateway needs to read
    /// and write them only.
    /// </summary>
    public bool CreateSchema { get; init; } = true;

    /// <summary>How long one call may take. Default 2 s. SqlClient counts in whole seconds: rounded up there, and exact above it.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A record prints its members by itself; this one must not.</summary>
    public override string ToString() => nameof(SqlServerStoreOptions);
}
