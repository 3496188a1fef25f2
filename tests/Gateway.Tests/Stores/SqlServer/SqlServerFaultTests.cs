using System.Globalization;
using System.Text.Json;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;
using Microsoft.Data.SqlClient;

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

    protected override string SectionFor(int port)
    {
        var connection = new SqlConnectionStringBuilder(fixture.ConnectionString) { DataSource = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1,{port}") };
        return JsonSerializer.Serialize(new { connection.ConnectionString, fixture.Schema });
    }

    private protected override FaultyLink Link()
    {
        // Server=host or host,port; a named instance cannot be reached through a wire.
        var server = new SqlConnectionStringBuilder(fixture.ConnectionString).DataSource.Replace("tcp:", "", StringComparison.OrdinalIgnoreCase).Split(',');
        return FaultyLink.To(server[0] is "." or "(local)" ? "localhost" : server[0], server.Length > 1 ? int.Parse(server[1], CultureInfo.InvariantCulture) : 1433);
    }
}
