using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>Gateways, each a process of its own, on one SQL Server.</summary>
[NeedsSqlServer]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerGatewayTests : SharedStoreStories
{
    private readonly string _schema = $"gateway_test_{Guid.NewGuid():N}";

    protected override (string Store, JsonObject Idempotency) StoreConfiguration => ("SqlServer", new JsonObject
    {
        ["Stores"] = new JsonObject
        {
            ["SqlServer"] = new JsonObject { ["ConnectionString"] = SqlServerAccess.ConnectionString, ["Schema"] = _schema },
            ["OperationTimeout"] = "00:00:30", // forty new connections at once
        },
    });

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (SqlServerAccess.ConnectionString is { } given)
        {
            SqlServerAccess.Drop(given, _schema);
        }
    }

    [ServerFact]
    public async Task Two_that_start_at_once_make_the_tables_once_and_are_both_ready()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        var (starting, alsoStarting) = (StartAsync(backend), StartAsync(backend));
        await using var one = await starting;
        await using var two = await alsoStarting;
        foreach (var gateway in new[] { one, two })
        {
            using var answer = await gateway.Client.PostAsync("k");
            Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
        }

        Assert.Single(backend.Requests);
    }
}
