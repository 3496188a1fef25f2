using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.CrashTest.Site;

/// <summary>A schema of its own on the server that the environment names. Its process is not ours to kill: the wires to it are.</summary>
internal sealed class SqlServerSite(string connectionString, int seed) : IStoreSite
{
    private readonly string _schema = string.Create(CultureInfo.InvariantCulture, $"crash_{Environment.ProcessId}_{seed}");

    public string Name => "SqlServer";

    public FaultyLink? Link() => SqlServerAccess.Link(connectionString, Ports.Next());

    public JsonObject Section(FaultyLink? link) => new() { ["ConnectionString"] = SqlServerAccess.Through(connectionString, link!.Port), ["Schema"] = _schema };

    public string SpoolPath(string gatewayFolder) => Path.Combine(gatewayFolder, "spool.db");

    public Task StartAsync() => Task.CompletedTask;

    public Task<IAsyncDisposable>? HangAsync() => null;

    public Task<IAsyncDisposable>? KillAsync() => null;

    public ValueTask DisposeAsync()
    {
        SqlServerAccess.Drop(connectionString, _schema);
        return ValueTask.CompletedTask;
    }
}
