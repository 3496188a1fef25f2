using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Gateway.CrashTest.Site;

/// <summary>One file that all gateways of the machine share, and so they do the spool's.</summary>
internal sealed class SqliteSite(CrashOptions options) : IStoreSite
{
    private readonly string _path = Path.Combine(options.Folder.FullName, "idempotency.db");

    public string Name => "Sqlite";

    public FaultyLink? Link() => null;

    public JsonObject Section(FaultyLink? link) => new() { ["Path"] = _path };

    public string SpoolPath(string gatewayFolder) => Path.Combine(options.Folder.FullName, "spool.db");

    public Task StartAsync() => Task.CompletedTask;

    /// <summary>Somebody else's transaction has the file: an operator's shell, a back-up.</summary>
    public Task<IAsyncDisposable>? HangAsync() => LockAsync();

    public Task<IAsyncDisposable>? KillAsync() => null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<IAsyncDisposable> LockAsync()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false, DefaultTimeout = 30 }.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "BEGIN IMMEDIATE");
        return new Cure(async () =>
        {
            await ExecuteAsync(connection, "ROLLBACK");
            await connection.DisposeAsync();
        });
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string statement)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // one of two texts above
        command.CommandText = statement;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
