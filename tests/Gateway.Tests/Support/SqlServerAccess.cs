using Microsoft.Data.SqlClient;

namespace Gateway.Tests.Support;

/// <summary>The SQL Server that the tests may use, named by the environment: its tables are made and dropped, in schemas of their own.</summary>
internal static class SqlServerAccess
{
    public const string Variable = "GATEWAY_TEST_SQLSERVER";
    private const string OtherDatabase = "gateway_test_other_isolation";

    private static readonly Lazy<(string? ConnectionString, string? Reason)> Other = new(MakeOther);

    public static string? ConnectionString { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : null;

    /// <summary>A database on the same server whose READ_COMMITTED_SNAPSHOT is not that of the given one.</summary>
    public static string? OtherIsolation => Other.Value.ConnectionString;

    public static string? NoOtherIsolation => Other.Value.Reason;

    public static object? Ask(string connectionString, string sql)
    {
        using var connection = new SqlConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // texts of the tests
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    private static (string?, string?) MakeOther()
    {
        try
        {
            var isOn = (bool)Ask(ConnectionString!, "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME();")!;
            Ask(ConnectionString!, $"IF DB_ID(N'{OtherDatabase}') IS NULL CREATE DATABASE {OtherDatabase};");
            Ask(ConnectionString!, $"ALTER DATABASE {OtherDatabase} SET READ_COMMITTED_SNAPSHOT {(isOn ? "OFF" : "ON")} WITH ROLLBACK IMMEDIATE;");
            var other = new SqlConnectionStringBuilder(ConnectionString) { InitialCatalog = OtherDatabase }.ConnectionString;
            return (bool)Ask(other, "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME();")! == isOn
                ? (null, "This server keeps READ_COMMITTED_SNAPSHOT as it is.")
                : (other, null);
        }
        catch (Exception e) when (e is SqlException or InvalidCastException or NullReferenceException)
        {
            return (null, $"No database with the other READ_COMMITTED_SNAPSHOT could be made: {e.Message}");
        }
    }
}
