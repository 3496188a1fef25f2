using System.Globalization;
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

    /// <summary>A wire to it. Server=host or host,port; a named instance cannot be reached through a wire.</summary>
    /// <param name="ownPort">0: any that is free.</param>
    public static FaultyLink Link(string connectionString, int ownPort = 0)
    {
        var server = new SqlConnectionStringBuilder(connectionString).DataSource.Replace("tcp:", "", StringComparison.OrdinalIgnoreCase).Split(',');
        return FaultyLink.To(server[0] is "." or "(local)" ? "localhost" : server[0], server.Length > 1 ? int.Parse(server[1], CultureInfo.InvariantCulture) : 1433, ownPort);
    }

    /// <summary>The same database, by the wire that listens on this port.</summary>
    public static string Through(string connectionString, int port) =>
        new SqlConnectionStringBuilder(connectionString) { DataSource = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1,{port}") }.ConnectionString;

    public static void Drop(string connectionString, string schema)
    {
        foreach (var table in (string[])["answer", "record", "schema_version"])
        {
            Ask(connectionString, $"IF OBJECT_ID(N'[{schema}].[{table}]', N'U') IS NOT NULL DROP TABLE [{schema}].[{table}];");
        }

        Ask(connectionString, $"IF SCHEMA_ID(N'{schema}') IS NOT NULL EXEC (N'DROP SCHEMA [{schema}]');");
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
