using Gateway.Stores.SqlServer;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>A schema of its own on the given server, made by the gateway's own script, dropped at the end.</summary>
public class SqlServerFixture : IAsyncLifetime
{
    /// <inheritdoc cref="SqlServerCollection"/>
    public const string Collection = "SQL Server";

    internal SqlServerFixture(string? connectionString) => ConnectionString = connectionString;

    internal string Schema { get; } = $"gateway_test_{Guid.NewGuid():N}";

    internal string? ConnectionString { get; }

    internal SqlServerStoreOptions Options => new() { ConnectionString = ConnectionString!, Schema = Schema, OperationTimeout = TimeSpan.FromMinutes(1) };

    private SqlServerOpenIndex Index => field ??= OpenIndex(Options);

    internal SqlServerStore Open() => Open(Options, Index);

    internal static SqlServerStore Open(SqlServerStoreOptions options, SqlServerOpenIndex index) => new(new SqlServerDatabase(options), new SqlServerScripts(options.Schema), index);

    internal static SqlServerSchemaCheck Check(SqlServerStoreOptions options, SqlServerOpenIndex? index = null) =>
        new(new SqlServerDatabase(options), new SqlServerScripts(options.Schema), options, index ?? OpenIndex(options));

    internal static SqlServerOpenIndex OpenIndex(SqlServerStoreOptions options) =>
        new(new SqlServerDatabase(options), new SqlServerScripts(options.Schema), options, NullLogger<SqlServerOpenIndex>.Instance);

    internal void Execute(string sql) => Ask(sql);

    internal object? Ask(string sql) => SqlServerAccess.Ask(ConnectionString!, sql.Replace("[idempotency]", $"[{Schema}]", StringComparison.Ordinal));

    public async Task InitializeAsync()
    {
        if (ConnectionString is not null)
        {
            await Check(Options, Index).CheckAsync();
            await Index.Ensure();
        }
    }

    public Task DisposeAsync()
    {
        if (ConnectionString is not null)
        {
            SqlServerAccess.Drop(ConnectionString, Schema);
        }

        return Task.CompletedTask;
    }
}

/// <summary>The database as it was given.</summary>
public sealed class GivenDatabase : SqlServerFixture
{
    public GivenDatabase()
        : base(SqlServerAccess.ConnectionString)
    {
    }
}

/// <summary>One whose READ_COMMITTED_SNAPSHOT is the other way round.</summary>
public sealed class OtherIsolationDatabase : SqlServerFixture
{
    public OtherIsolationDatabase()
        : base(NeedsSqlServerAttribute.Missing is null ? SqlServerAccess.OtherIsolation : null)
    {
    }
}

/// <summary>
/// The server may be a small one on this very machine: nothing else runs beside these, and they run one class after the other
/// (forty connections at once are work enough).
/// </summary>
[CollectionDefinition(SqlServerFixture.Collection, DisableParallelization = true)]
public sealed class SqlServerCollection;
