using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Stores;

/// <summary>A folder of its own for one test's database, removed afterwards; and looks into the file beside the store.</summary>
internal sealed class SqliteFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-store-");

    public string File => PathOf("idempotency.db");

    public SqliteStoreOptions Options => new() { Path = File, BusyTimeout = TimeSpan.FromSeconds(20) };

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public SqliteStore OpenStore(TimeProvider clock) => new(Options, clock);

    /// <summary>Another connection, as another process would have it.</summary>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

internal static class SqliteConnectionExtensions
{
    public static object? Ask(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // tests only
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
