using System.Reflection;
using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using SQLitePCL;

namespace Gateway.Tests.Stores;

/// <summary>What a look costs, and the index that it needs: made with the file, or added to one of before.</summary>
public sealed class SqliteInspectionTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Now);

    /// <summary>Count looks at every record, as its contract says; the others are no statements on records.</summary>
    public static TheoryData<string> Statements =>
        [.. typeof(SqliteScripts).GetFields(BindingFlags.Public | BindingFlags.Static).Select(script => script.Name)
            .Except([nameof(SqliteScripts.Schema), nameof(SqliteScripts.HasTables), nameof(SqliteScripts.HasOwnTables), nameof(SqliteScripts.Count), nameof(SqliteScripts.OpenIndex), nameof(SqliteScripts.HasOpenIndex)])];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Statements))]
    public void No_statement_looks_at_every_record_or_sorts(string name)
    {
        _folder.OpenStore(_clock).Dispose();

        var plan = PlanOf((string)typeof(SqliteScripts).GetField(name)!.GetValue(null)!);

        Assert.DoesNotContain(plan, step => step.StartsWith("SCAN record", StringComparison.Ordinal) || step.StartsWith("SCAN answer", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));

        // On a request's way it is the key that finds a record.
        Assert.Equal(name == nameof(SqliteScripts.ScanOpen), plan.Exists(step => step.Contains("record_open", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_walks_go_by_the_index_of_the_open_records_and_down_the_row_numbers()
    {
        _folder.OpenStore(_clock).Dispose();

        Assert.Equal(["SEARCH record USING INDEX record_open (created_at>?)"], PlanOf(SqliteScripts.ScanOpen));
        Assert.Equal(["SEARCH record USING INTEGER PRIMARY KEY (rowid<?)"], PlanOf(SqliteScripts.ScanAll));
        Assert.Equal(["SEARCH record USING INTEGER PRIMARY KEY (rowid>?)"], PlanOf(SqliteScripts.ScanByAge));
        Assert.Equal(["SEARCH record USING INDEX sqlite_autoindex_record_1 (key>? AND key<?)"], PlanOf(SqliteScripts.FindKeys));
    }

    [Fact]
    public async Task Among_two_hundred_thousand_records_a_step_costs_what_it_costs_among_ten()
    {
        using var store = _folder.OpenStore(_clock);
        using var look = _folder.Connect();
        look.Ask("PRAGMA synchronous = OFF");
        Fill(look, from: 0, records: 10);
        var few = StepsOf(look);

        Fill(look, from: 10, records: 199_990);

        Assert.Equal(200_000, await store.CountAsync());
        Assert.All(StepsOf(look).Zip(few), steps => Assert.InRange(steps.First, 1, steps.Second + 200));
        var open = await store.ScanAsync(RecordWalk.Open, after: null, limit: 5);
        Assert.Equal((5, 5), (open.Records.Count, open.Examined));
        Assert.Equal(Enumerable.Range(1, 5), open.Records.Select(record => (int)record.Key.Value));
    }

    [Fact]
    public async Task A_file_of_before_gets_the_index_at_start_and_its_open_records_are_in_it()
    {
        var key = await FileOfBeforeAsync();

        using var store = _folder.OpenStore(_clock);

        Assert.True(store.ListsOpenRecords);
        using var look = _folder.Connect();
        Assert.Equal(1L, look.Ask(SqliteScripts.HasOpenIndex));
        Assert.Equal("ok", look.Ask("PRAGMA integrity_check"));
        Assert.Equal([key], await WalkAsync(store));
        Assert.Equal(1L, look.Ask("PRAGMA user_version"));
    }

    [Fact]
    public async Task A_file_of_before_that_somebody_holds_is_opened_at_once_and_gets_the_index_at_the_next_start()
    {
        var key = await FileOfBeforeAsync();
        using (var other = _folder.Connect())
        {
            other.Ask("BEGIN IMMEDIATE");
            using var store = new SqliteStore(_folder.Options with { BusyTimeout = TimeSpan.FromHours(1) }, _clock);

            Assert.False(store.ListsOpenRecords);
            Assert.Equal([key], await WalkAsync(store));
            other.Ask("ROLLBACK");
        }

        using var next = _folder.OpenStore(_clock);
        Assert.True(next.ListsOpenRecords);
        Assert.Equal([key], await WalkAsync(next));
    }

    [Fact]
    public async Task Without_the_index_a_step_looks_at_no_more_records_than_it_may()
    {
        await FileOfBeforeAsync();
        using var other = _folder.Connect();
        Fill(other, from: 1, records: 30);
        other.Ask("BEGIN IMMEDIATE");
        using var store = _folder.OpenStore(_clock);
        other.Ask("ROLLBACK");

        var scan = await store.ScanAsync(RecordWalk.Open, after: null, limit: 7);

        Assert.Equal(7, scan.Examined);
        Assert.All(scan.Records, record => Assert.NotEqual(RecordState.Completed, record.State));
        Assert.NotNull(scan.Next);
    }

    [Fact]
    public async Task A_walk_that_is_read_leaves_no_transaction_open()
    {
        using var store = _folder.OpenStore(_clock);
        using var look = _folder.Connect();
        Fill(look, from: 0, records: 30);

        await store.ScanAsync(RecordWalk.All, after: null, limit: 10);

        // The whole log can be folded back: nobody reads from it any more.
        Assert.Equal(0L, look.Ask("PRAGMA wal_checkpoint(TRUNCATE)"));
    }

    /// <summary>With one open record and one that is completed, without the index.</summary>
    private async Task<RecordKey> FileOfBeforeAsync()
    {
        var key = new RecordKey(ClaimToken.New().Value);
        using (var store = _folder.OpenStore(_clock))
        {
            await store.BeginAsync(Request(new RecordKey(UInt128.MaxValue)));
            Assert.True(await store.CompleteAsync(new RecordKey(UInt128.MaxValue), Request(default).Claim, new byte[3]));
            await store.BeginAsync(Request(key));
        }

        using var other = _folder.Connect();
        other.Ask("DROP INDEX record_open");
        return key;
    }

    private static async Task<List<RecordKey>> WalkAsync(SqliteStore store)
    {
        var keys = new List<RecordKey>();
        for (string? after = null; ;)
        {
            var scan = await store.ScanAsync(RecordWalk.Open, after, limit: 1);
            keys.AddRange(scan.Records.Select(record => record.Key));
            if ((after = scan.Next) is null)
            {
                return keys;
            }
        }
    }

    /// <summary>Every thousandth of them, and each of the first ten, is open.</summary>
    private static void Fill(SqliteConnection connection, int from, int records) => connection.Ask($"""
        INSERT INTO record (key, state, claim, fingerprint, lease_until, expires_at, retention, created_at, operation, client_key, actor)
        WITH RECURSIVE number (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM number WHERE n + 1 < {from + records})
        SELECT CAST(zeroblob(12) || unhex(printf('%08x', n + 1)) AS BLOB), CASE WHEN n < 10 OR n % 1000 = 0 THEN 1 ELSE 2 END, zeroblob(16), zeroblob(48),
               {Now.ToUnixTimeMilliseconds()} + 30000, {Now.ToUnixTimeMilliseconds()} + 86430000, 86400000, {Now.ToUnixTimeMilliseconds()} + n, 'confirm-payment', 'order-1', zeroblob(16)
        FROM number
        """);

    private List<string> PlanOf(string script)
    {
        using var look = _folder.Connect();
        using var command = look.CreateCommand();
#pragma warning disable CA2100 // an embedded script
        command.CommandText = "EXPLAIN QUERY PLAN " + script;
#pragma warning restore CA2100
        foreach (var name in ParametersOf(look, script))
        {
            command.Parameters.AddWithValue(name, 1);
        }

        var plan = new List<string>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            plan.Add(reader.GetString(3));
        }

        return plan;
    }

    private static List<string> ParametersOf(SqliteConnection connection, string script)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_prepare_v2(connection.Handle, script, out var statement));
        using (statement)
        {
            return [.. Enumerable.Range(1, raw.sqlite3_bind_parameter_count(statement)).Select(i => raw.sqlite3_bind_parameter_name(statement, i).utf8_to_string())];
        }
    }

    /// <summary>Of SQLite's virtual machine, for a step of five records each.</summary>
    private static List<int> StepsOf(SqliteConnection connection) =>
    [
        StepsOf(connection, SqliteScripts.ScanOpen, ("$created_at", long.MinValue), ("$id", 0), ("$limit", 5)),
        StepsOf(connection, SqliteScripts.ScanOpen, ("$created_at", Now.ToUnixTimeMilliseconds() + 2), ("$id", 3), ("$limit", 5)),
        StepsOf(connection, SqliteScripts.ScanAll, ("$before", long.MaxValue), ("$limit", 5)),
        StepsOf(connection, SqliteScripts.ScanByAge, ("$after", 2), ("$limit", 5)),
    ];

    private static int StepsOf(SqliteConnection connection, string script, params (string Name, long Value)[] values)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_prepare_v2(connection.Handle, script, out var statement));
        using (statement)
        {
            foreach (var (name, value) in values)
            {
                raw.sqlite3_bind_int64(statement, raw.sqlite3_bind_parameter_index(statement, name), value);
            }

            var rows = 0;
            while (raw.sqlite3_step(statement) == raw.SQLITE_ROW)
            {
                rows++;
            }

            Assert.Equal(5, rows);
            return raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_VM_STEP, 0);
        }
    }

    private static BeginRequest Request(RecordKey key) => new()
    {
        Key = key,
        Claim = new ClaimToken(1),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };
}
