using Microsoft.Data.SqlClient;

namespace Gateway.Stores.SqlServer;

/// <summary>Makes the tables where they are missing, and refuses those of another version.</summary>
internal sealed class SqlServerSchemaCheck(SqlServerDatabase database, SqlServerScripts scripts, SqlServerStoreOptions options, SqlServerOpenIndex openIndex) : IStorePrecondition
{
    internal const int Version = 1;

    public async Task CheckAsync()
    {
        if (!await HasTablesAsync())
        {
            if (!options.CreateSchema)
            {
                throw new InvalidOperationException(
                    $"SQL Server has no tables in the schema '{options.Schema}', and Idempotency:Stores:SqlServer:CreateSchema is false. " +
                    "Run src/Gateway/Stores/SqlServer/Scripts/schema.sql there, or set CreateSchema to true.");
            }

            await CreateAsync();
        }

        var version = await database.RunAsync(scripts.Version, static _ => { }, static row => row.IsDBNull(0) ? 0 : row.GetInt32(0));
        if (version != Version)
        {
            throw new InvalidOperationException(
                $"The tables in the schema '{options.Schema}' have version {version}, and this gateway knows version {Version}. " +
                "Use the gateway that made them, or give another schema (records in the old one are then not replayed).");
        }

        _ = openIndex.Ensure(); // not waited for: nothing depends on it
    }

    private async Task CreateAsync()
    {
        try
        {
            await database.ExecuteAsync(scripts.Schema);
        }
        catch (SqlException)
        {
            // Of two gateways that start together, one makes the tables and the other one stumbles over them.
            if (!await HasTablesAsync())
            {
                throw;
            }
        }
    }

    private async Task<bool> HasTablesAsync() => await database.RunAsync(scripts.HasTables, static _ => { }, static row => row.GetInt32(0)) == 1;
}
