using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Microsoft.Data.SqlClient;

namespace Gateway.CrashTest.Site;

/// <summary>A schema of its own on the server that the environment names. Its process is not ours to kill: the wires to it are.</summary>
internal sealed class SqlServerSite(string connectionString, int seed) : IStoreSite
{
    private readonly string _schema = string.Create(CultureInfo.InvariantCulture, $"crash_{Environment.ProcessId}_{seed}");

    public string Name => "SqlServer";

    public FaultyLink? Link()
    {
        // Server=host or host,port; a named instance cannot be reached through a wire.
        var server = new SqlConnectionStringBuilder(connectionString).DataSource.Replace("tcp:", "", StringComparison.OrdinalIgnoreCase).Split(',');
        return FaultyLink.To(server[0] is "." or "(local)" ? "localhost" : server[0], server.Length > 1 ? int.Parse(server[1], CultureInfo.InvariantCulture) : 1433, Ports.Next());
    }

    public JsonObject Section(FaultyLink? link) => new()
    {
        ["ConnectionString"] = new SqlConnectionStringBuilder(connectionString) { DataSource = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1,{link!.Port}") }.ConnectionString,
        ["Schema"] = _schema,
    };

    public string SpoolPath(string gatewayFolder) => Path.Combine(gatewayFolder, "spool.db");

    public Task StartAsync() => Task.CompletedTask;

    public Task<IAsyncDisposable>? HangAsync() => null;

    public Task<IAsyncDisposable>? KillAsync() => null;

    public ValueTask DisposeAsync()
    {
        foreach (var table in (string[])["answer", "record", "schema_version"])
        {
            SqlServerAccess.Ask(connectionString, $"IF OBJECT_ID(N'[{_schema}].[{table}]', N'U') IS NOT NULL DROP TABLE [{_schema}].[{table}];");
        }

        SqlServerAccess.Ask(connectionString, $"IF SCHEMA_ID(N'{_schema}') IS NOT NULL EXEC (N'DROP SCHEMA [{_schema}]');");
        return ValueTask.CompletedTask;
    }
}
