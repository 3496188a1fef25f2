using System.Text.Json;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.SqlServer;

[NeedsSqlServer]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerFaultTests(GivenDatabase fixture) : StoreFaultTests, IClassFixture<GivenDatabase>, IAsyncLifetime
{
    protected override string Store => "SqlServer";

    protected override TimeSpan OperationTimeout => TimeSpan.FromSeconds(4);

    public Task InitializeAsync()
    {
        if (fixture.ConnectionString is not null)
        {
            fixture.Execute("DELETE FROM [idempotency].[record];"); // all rows use the same key
        }

        return Task.CompletedTask;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    protected override string SectionFor(int port) =>
        JsonSerializer.Serialize(new { ConnectionString = SqlServerAccess.Through(fixture.ConnectionString!, port), fixture.Schema });

    private protected override FaultyLink Link() => SqlServerAccess.Link(fixture.ConnectionString!);
}
