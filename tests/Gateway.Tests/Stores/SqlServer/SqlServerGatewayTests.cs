using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>Gateways, each a process of its own, on one SQL Server.</summary>
[NeedsSqlServer]
public sealed class SqlServerGatewayTests : SharedStoreStories
{
    private readonly string _schema = $"gateway_test_{Guid.NewGuid():N}";

    protected override (string Store, JsonObject Idempotency) StoreConfiguration => ("SqlServer", new JsonObject
    {
        ["Stores"] = new JsonObject { ["SqlServer"] = new JsonObject { ["ConnectionString"] = SqlServerAccess.ConnectionString, ["Schema"] = _schema } },
    });

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (SqlServerAccess.ConnectionString is { } given)
        {
            SqlServerFixture.Drop(given, _schema);
        }
    }

    [ServerFact]
    public async Task Two_that_start_at_once_make_the_tables_once_and_are_both_ready()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var both = await Task.WhenAll(StartAsync(backend), StartAsync(backend));
        foreach (var gateway in both)
        {
            using var answer = await gateway.Client.PostAsync("k");
            Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
            await gateway.DisposeAsync();
        }

        Assert.Single(backend.Requests);
    }
}
