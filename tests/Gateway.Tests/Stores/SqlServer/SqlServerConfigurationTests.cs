using Gateway.Configuration;
using Gateway.Stores;
using Gateway.Stores.SqlServer;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>What can be said without a server: faults of the settings, and a server that is not there.</summary>
public sealed class SqlServerConfigurationTests
{
    [Theory]
    [InlineData("Server=sql1;Pasword=planted-secret")]
    [InlineData("Server=sql1;Password=a;planted-secret")]
    [InlineData("Password=planted-secret")]
    [InlineData("Server=sql1;Connect Timeout=planted-secret")]
    [InlineData("planted-secret")]
    public async Task A_connection_string_that_cannot_be_read_is_a_fault_that_repeats_nothing_of_it(string connectionString)
    {
        var fault = Assert.Single((await Assert.ThrowsAsync<ConfigurationFaultException>(() => StartAsync(connectionString))).Faults);
        Assert.Equal("Idempotency:Stores:SqlServer:ConnectionString", fault.Place);
        Assert.DoesNotContain("planted-secret", fault.ToString(), StringComparison.Ordinal);
        Assert.Contains("Idempotency__Stores__SqlServer__ConnectionString", fault.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_makes_the_gateway_unready_and_refuse_and_no_secret_is_told()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await StartAsync("Server=127.0.0.1,1;Database=gateway;User ID=planted-user;Password=planted-secret;Encrypt=false", backend.Address);
        using var refused = await gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "store-unavailable");
        Assert.Empty(backend.Requests);
        await Bounded.UntilAsync(() => Task.FromResult(gateway.Log.Has("SelfTestFailed")), failed => failed);
        using var probe = new HttpClient();
        using var ready = await probe.GetAsync(new Uri(gateway.Management, "/health/ready"));
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.DoesNotContain(gateway.Log.Entries, entry => entry.Message.Contains("planted-", StringComparison.Ordinal));
        Assert.DoesNotContain("planted-", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(gateway.Log.Entries, entry => entry.Event == "Running" && entry.Message.Contains("SqlServer, 127.0.0.1,1, database gateway, schema idempotency", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_index_that_cannot_be_made_is_told_once_and_is_no_fault()
    {
        var log = new CapturedLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var options = new SqlServerStoreOptions { ConnectionString = "Server=127.0.0.1,1;Connect Timeout=1;Password=planted-secret" };
        var index = new SqlServerOpenIndex(new SqlServerDatabase(options), new SqlServerScripts("pay_1"), options with { Schema = "pay_1" }, factory.CreateLogger<SqlServerOpenIndex>());

        await index.Ensure();
        await index.Ensure();

        Assert.False(index.IsThere);
        Assert.False(SqlServerFixture.Open(options, index).ListsOpenRecords);
        var told = Assert.Single(log.Entries, entry => entry.Event == "OpenIndexMissing");
        Assert.Contains("schema pay_1", told.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted-secret", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_print_no_secret()
    {
        var options = new SqlServerStoreOptions { ConnectionString = "Server=a;Password=planted-secret" };
        Assert.DoesNotContain("planted-secret", $"{options} {new SqlServerSettings(options.ConnectionString, "a", true)} {SqlServerDatabase.Describe(options)}", StringComparison.Ordinal);
    }

    private static Task<TestGateway> StartAsync(string connectionString, string backend = "http://localhost:1/") => TestGateway.StartAsync(
        backend, store: "SqlServer", idempotency: $$"""{ "Stores": { "OperationTimeout": "00:00:00.5", "SqlServer": { "ConnectionString": "{{connectionString}}" } } }""");
}

/// <summary>The tables: made, found, missing, of another version.</summary>
[NeedsSqlServer]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerSchemaTests : IDisposable
{
    private readonly string _schema = $"gateway_test_{Guid.NewGuid():N}";

    private SqlServerStoreOptions Options => new() { ConnectionString = SqlServerAccess.ConnectionString!, Schema = _schema, OperationTimeout = TimeSpan.FromMinutes(1) };

    public void Dispose()
    {
        if (SqlServerAccess.ConnectionString is { } given)
        {
            SqlServerAccess.Drop(given, _schema);
        }
    }

    [ServerFact]
    public async Task Without_the_right_to_make_them_missing_tables_are_told_with_their_cure()
    {
        var check = SqlServerFixture.Check(Options with { CreateSchema = false });
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(check.CheckAsync);
        Assert.Contains("Scripts/schema.sql", missing.Message, StringComparison.Ordinal);

        // The file as it lies there, by the hand of an administrator.
        SqlServerAccess.Ask(Options.ConnectionString, File.ReadAllText(Path.Combine(Project.Repository.Root.FullName, "src/Gateway/Stores/SqlServer/Scripts/schema.sql"))
            .Replace("[idempotency]", $"[{_schema}]", StringComparison.Ordinal).Replace("N'idempotency'", $"N'{_schema}'", StringComparison.Ordinal));
        await check.CheckAsync();
    }

    [ServerFact]
    public async Task Tables_that_are_there_are_left_as_they_are()
    {
        await SqlServerFixture.Check(Options).CheckAsync();
        var store = SqlServerFixture.Open(Options, SqlServerFixture.OpenIndex(Options));
        await StoreSelfTest.RunAsync(store);
        var records = await store.CountAsync();

        await SqlServerFixture.Check(Options).CheckAsync();
        SqlServerAccess.Ask(Options.ConnectionString, new SqlServerScripts(_schema).Schema);

        Assert.Equal(records, await store.CountAsync());
    }

    [ServerFact]
    public async Task Tables_of_another_version_are_refused()
    {
        await SqlServerFixture.Check(Options).CheckAsync();
        SqlServerAccess.Ask(Options.ConnectionString, $"UPDATE [{_schema}].[schema_version] SET version = 2;");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(SqlServerFixture.Check(Options).CheckAsync);

        Assert.Contains("have version 2, and this gateway knows version 1", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Tables_of_before_get_the_index_of_the_open_records_and_their_records_are_in_it()
    {
        var first = SqlServerFixture.OpenIndex(Options);
        await SqlServerFixture.Check(Options, first).CheckAsync();
        await first.Ensure();
        Assert.True(first.IsThere);
        var open = Request(1);
        await SqlServerFixture.Open(Options, first).BeginAsync(open);
        SqlServerAccess.Ask(Options.ConnectionString, $"DROP INDEX record_open ON [{_schema}].[record];");

        // Without the right to make it, or before it is made: found among all.
        var given = SqlServerFixture.OpenIndex(Options with { CreateSchema = false });
        await given.Ensure();
        Assert.False(given.IsThere);
        Assert.Equal([open.Key], (await SqlServerFixture.Open(Options, given).ScanAsync(RecordWalk.Open, after: null, limit: 10)).Records.Select(record => record.Key));

        var next = SqlServerFixture.OpenIndex(Options);
        await SqlServerFixture.Check(Options, next).CheckAsync();
        await next.Ensure();

        Assert.True(next.IsThere);
        Assert.Equal([open.Key], (await SqlServerFixture.Open(Options, next).ScanAsync(RecordWalk.Open, after: null, limit: 10)).Records.Select(record => record.Key));
        SqlServerAccess.Ask(Options.ConnectionString, new SqlServerScripts(_schema).OpenIndex);
    }

    [ServerFact]
    public async Task Damaged_records_are_told_to_who_reads_them_and_a_walk_comes_past_them()
    {
        var index = SqlServerFixture.OpenIndex(Options);
        await SqlServerFixture.Check(Options, index).CheckAsync();
        await index.Ensure();
        var store = SqlServerFixture.Open(Options, index);
        foreach (var damage in (string[])["state = 9", "retention = -1", "created_at = -1", "lease_until = 9223372036854775807", "retention = 9223372036854775807"])
        {
            SqlServerAccess.Ask(Options.ConnectionString, $"DELETE FROM [{_schema}].[record];");
            for (var key = 1; key <= 3; key++)
            {
                await store.BeginAsync(Request(key));
            }

            SqlServerAccess.Ask(Options.ConnectionString, $"UPDATE [{_schema}].[record] SET {damage} WHERE record_key = 0x00000000000000000000000000000002;");

            await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadAsync(new RecordKey(2)));
            foreach (var walk in Enum.GetValues<RecordWalk>())
            {
                var scan = await store.ScanAsync(walk, after: null, limit: 10);
                Assert.Equal(["1", "3"], scan.Records.Select(record => $"{record.Key.Value}").Order());
                Assert.Equal(3, scan.Examined);
            }
        }
    }

    [ServerFact]
    public async Task What_has_an_answer_is_not_freed_whatever_its_state_says()
    {
        var index = SqlServerFixture.OpenIndex(Options);
        await SqlServerFixture.Check(Options, index).CheckAsync();
        var store = SqlServerFixture.Open(Options, index);
        var request = Request(1);
        await store.BeginAsync(request);
        Assert.True(await store.CompleteAsync(request.Key, request.Claim, new byte[3]));
        SqlServerAccess.Ask(Options.ConnectionString, $"UPDATE [{_schema}].[record] SET state = 3;");

        Assert.False(await store.ResolveAsync(request.Key, request.Claim, answer: null));
        Assert.Equal(BeginOutcome.Unknown, (await store.BeginAsync(request with { Claim = ClaimToken.New() })).Outcome);
    }

    [ServerFact]
    public async Task Labels_that_do_not_fit_are_cut_and_refuse_no_request()
    {
        await SqlServerFixture.Check(Options).CheckAsync();
        var store = SqlServerFixture.Open(Options, SqlServerFixture.OpenIndex(Options));
        var request = new BeginRequest
        {
            Key = new RecordKey(1),
            Claim = ClaimToken.New(),
            Fingerprint = default,
            Lease = TimeSpan.FromMinutes(1),
            Retention = TimeSpan.FromDays(366), // longer than its milliseconds fit into an int
            Label = new RecordLabel(new string('o', 1000), new string('k', 2000), UInt128.MaxValue),
        };

        Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(request)).Outcome);

        Assert.Equal(256, SqlServerAccess.Ask(Options.ConnectionString, $"SELECT LEN(operation) FROM [{_schema}].[record];"));
    }

    private static BeginRequest Request(int key) => new()
    {
        Key = new RecordKey((UInt128)key),
        Claim = ClaimToken.New(),
        Fingerprint = default,
        Lease = TimeSpan.FromMinutes(1),
        Retention = TimeSpan.FromDays(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };
}
