using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Stores.Sqlite;

/// <summary>Gateways, each a process of its own, on one file.</summary>
public sealed class SqliteGatewayTests : SharedStoreStories
{
    protected override (string Store, JsonObject Idempotency) StoreConfiguration => ("Sqlite", []);

    protected override bool IsHeld(string folder)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "data", "idempotency.db")};Pooling=False;Default Timeout=1");
        connection.Open();
        using var begin = connection.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE; ROLLBACK;";
        try
        {
            begin.ExecuteNonQuery();
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED)
        {
            return true;
        }
    }
}
