using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;

namespace Gateway.Tests.Stores.Sqlite;

/// <summary>Gateways, each a process of its own, on one file.</summary>
public sealed class SqliteGatewayTests : SharedStoreStories
{
    protected override (string Store, JsonObject Idempotency) StoreConfiguration => ("Sqlite", []);
}
