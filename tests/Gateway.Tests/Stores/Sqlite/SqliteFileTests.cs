using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>The file: where it may be, what it may be, how it is written and what it looks like.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_folder_is_made()
    {
        var path = _folder.PathOf(Path.Combine("not", "yet", "there", "idempotency.db"));

        Open(path).Dispose();

        Assert.True(File.Exists(path));
    }

    [Fact]
    public void The_files_hold_answers_and_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // modes are Unix's; a folder's rights are inherited there
        }

        var path = _folder.PathOf("idempotency.db");
        using var store = Open(path);
        foreach (var file in new[] { path, path + "-wal", path + "-shm" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_configuration_fault()
    {
        File.WriteAllText(_folder.PathOf("file"), "");

        AssertFault(_folder.PathOf(Path.Combine("file", "idempotency.db")), "Give a path that this process may create and write.");
    }

    [Fact]
    public void A_folder_as_the_path_is_a_configuration_fault()
    {
        Directory.CreateDirectory(_folder.File);

        AssertFault(_folder.File, "Give a path that this process may create and write.");
    }

    [Theory]
    [InlineData("a\0b.db")]
    [InlineData("\0")]
    public void A_path_that_no_file_can_have_is_a_configuration_fault(string path) => AssertFault(path, "Give a path that this process may create and write.");

    [Fact]
    public void A_file_that_is_no_database_is_a_configuration_fault_and_stays_as_it_is()
    {
        var text = string.Concat(Enumerable.Repeat("name: gateway\n", 1000));
        File.WriteAllText(_folder.File, text);

        AssertFault(_folder.File, "Give a path that this process may create and write.");

        Assert.Equal(text, File.ReadAllText(_folder.File));
    }

    [Fact]
    public void A_gateway_comes_back_while_somebody_else_holds_the_file()
    {
        Open(_folder.File).Dispose();
        using var other = _folder.Connect();
        other.Ask("BEGIN IMMEDIATE");

        Open(_folder.File, TimeSpan.Zero).Dispose();
    }

    [Fact]
    public void A_file_that_is_not_made_yet_and_held_by_somebody_else_is_a_fault_that_says_so()
    {
        using var other = _folder.Connect();
        other.Ask("BEGIN IMMEDIATE");

        var fault = Assert.Throws<StoreConfigurationException>(() => Open(_folder.File, TimeSpan.Zero));

        Assert.Contains("another process holds it", fault.Problem, StringComparison.Ordinal);
        Assert.Equal("End that process, or start again when it is done.", fault.Cure);
    }

    [Fact]
    public void A_newer_schema_is_a_configuration_fault_that_names_both_versions()
    {
        Open(_folder.File).Dispose();
        using (var other = _folder.Connect())
        {
            other.Ask("PRAGMA user_version = 99");
        }

        var fault = AssertFault(_folder.File, "Use the gateway that wrote it, or give another path (records in the old file are then not replayed).");

        Assert.Contains("version 99", fault.Problem, StringComparison.Ordinal);
        Assert.Contains($"version {SqliteSchema.Store.Version}", fault.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_database_of_another_application_is_a_configuration_fault_and_stays_as_it_is(int version)
    {
        using (var other = _folder.Connect())
        {
            other.Ask($"CREATE TABLE customer (id INTEGER PRIMARY KEY); PRAGMA user_version = {version}");
        }

        var before = File.ReadAllBytes(_folder.File);

        AssertFault(_folder.File, "Give a path to a file of its own.");

        Assert.Equal(before, File.ReadAllBytes(_folder.File));
    }

    [Fact]
    public void A_table_that_a_backup_tool_added_is_no_fault()
    {
        Open(_folder.File).Dispose();
        using (var other = _folder.Connect())
        {
            other.Ask("CREATE TABLE _backup_sequence (id INTEGER PRIMARY KEY)");
        }

        Open(_folder.File).Dispose();
    }

    [Fact]
    public void A_place_that_takes_no_write_ahead_log_is_a_configuration_fault()
    {
        var fault = AssertFault(":memory:", "Give a path on a local disk.");

        Assert.Contains("'memory'", fault.Problem, StringComparison.Ordinal);
    }

    [UnprivilegedFact]
    public void A_file_that_may_only_be_read_is_a_configuration_fault()
    {
        Open(_folder.File).Dispose();
        File.SetAttributes(_folder.File, FileAttributes.ReadOnly);
        try
        {
            AssertFault(_folder.File, "Give a path that this process may create and write.");
        }
        finally
        {
            File.SetAttributes(_folder.File, FileAttributes.Normal);
        }
    }

    [Fact]
    public void Opening_again_changes_nothing()
    {
        Open(_folder.File).Dispose();
        var schema = Schema();

        Open(_folder.File).Dispose();

        Assert.Equal(schema, Schema());
    }

    [Fact]
    public void A_connection_is_durable_at_commit()
    {
        var database = new SqliteDatabase(SqliteSchema.Store, _folder.Options.Path, _folder.Options.BusyTimeout);
        database.Create();
        using var connection = database.Open();

        Assert.Equal("wal", connection.Ask("PRAGMA journal_mode"));
        Assert.Equal(2L, connection.Ask("PRAGMA synchronous"));
        Assert.Equal(1L, connection.Ask("PRAGMA fullfsync"));
        Assert.Equal(1L, connection.Ask("PRAGMA checkpoint_fullfsync"));
        Assert.Equal(8192L, connection.Ask("PRAGMA page_size"));
        Assert.Equal(20_000L, connection.Ask("PRAGMA busy_timeout"));
    }

    /// <summary>When this fails, <see cref="SqliteSchema.Store.Version"/> needs a new number, and the old files a way to it.</summary>
    [Fact]
    public void The_schema_is_version_1()
    {
        Open(_folder.File).Dispose();

        Assert.Equal(
            """
            version 1
            CREATE TABLE answer (
                id    INTEGER PRIMARY KEY,              -- record.id
                bytes BLOB NOT NULL
            ) STRICT
            CREATE TABLE record (
                id          INTEGER PRIMARY KEY,
                key         BLOB    NOT NULL UNIQUE,
                state       INTEGER NOT NULL,           -- 1 InFlight, 2 Completed, 3 Unknown
                claim       BLOB    NOT NULL,
                fingerprint BLOB    NOT NULL,
                lease_until INTEGER NOT NULL,           -- all times: milliseconds since 1970-01-01 UTC
                expires_at  INTEGER NOT NULL,
                retention   INTEGER NOT NULL,           -- milliseconds
                created_at  INTEGER NOT NULL,
                operation   TEXT    NOT NULL,
                client_key  TEXT    NOT NULL,
                actor       BLOB    NOT NULL
            ) STRICT
            CREATE INDEX record_expires_at ON record (expires_at)
            CREATE INDEX record_open ON record (created_at) WHERE state <> 2
            """.ReplaceLineEndings("\n"),
            Schema());
    }

    [Fact]
    public async Task A_row_holds_what_the_format_says()
    {
        var request = Request() with
        {
            Key = new RecordKey(new UInt128(0x0102030405060708, 0x090a0b0c0d0e0f10)),
            Claim = new ClaimToken(new UInt128(0x1112131415161718, 0x191a1b1c1d1e1f20)),
            Label = new RecordLabel("confirm-payment", "Zahlung-ä", new UInt128(0, 7)),
        };
        using (var store = Open(_folder.File))
        {
            await store.BeginAsync(request);
            Assert.True(await store.CompleteAsync(request.Key, request.Claim, new byte[] { 1, 0, 255 }));
        }

        using var look = _folder.Connect();
        Assert.Equal(
            "0102030405060708090A0B0C0D0E0F10|2|1112131415161718191A1B1C1D1E1F20"
            + "|000000000000000000000000000000010000000000000000000000000000000200000000000000000000000000000003"
            + "|1767323075000|1767326645000|3600000|1767323045000|confirm-payment|Zahlung-ä|00000000000000000000000000000007|0100FF",
            look.Ask("""
                SELECT concat_ws('|', hex(key), state, hex(claim), hex(fingerprint), lease_until, expires_at, retention, created_at,
                                 operation, client_key, hex(actor), hex(bytes))
                FROM record JOIN answer USING (id)
                """));
    }

    [Fact]
    public async Task A_state_that_nobody_knows_is_an_error_and_never_a_free_key()
    {
        var request = Request();
        using var store = Open(_folder.File);
        await store.BeginAsync(request);
        using (var other = _folder.Connect())
        {
            other.Ask("UPDATE record SET state = 9");
        }

        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.BeginAsync(request with { Claim = ClaimToken.New() }));
    }

    [Fact]
    public async Task A_finished_record_without_its_answer_is_an_error_and_never_a_free_key()
    {
        var request = Request();
        using var store = Open(_folder.File);
        await store.BeginAsync(request);
        Assert.True(await store.CompleteAsync(request.Key, request.Claim, default));
        using (var other = _folder.Connect())
        {
            other.Ask("DELETE FROM answer");
        }

        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.BeginAsync(request with { Claim = ClaimToken.New() }));
        Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(Request())).Outcome);
    }

    [Fact]
    public async Task The_answers_of_swept_records_are_gone_and_no_others()
    {
        using var store = Open(_folder.File);
        var (gone, kept) = (Request() with { Retention = TimeSpan.FromSeconds(1) }, Request());
        foreach (var request in new[] { gone, kept })
        {
            await store.BeginAsync(request);
            Assert.True(await store.CompleteAsync(request.Key, request.Claim, "answer"u8.ToArray()));
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await store.SweepAsync(10));

        using var look = _folder.Connect();
        Assert.Equal(1L, look.Ask("SELECT count(*) FROM answer"));
        Assert.Equal("answer"u8.ToArray(), (await store.BeginAsync(kept with { Claim = ClaimToken.New() })).Answer.ToArray());
    }

    [Fact]
    public async Task A_row_number_that_is_used_again_brings_no_old_answer_with_it()
    {
        using var store = Open(_folder.File);
        using var look = _folder.Connect();
        object? usedBefore = null;
        for (var round = 0; round < 5; round++)
        {
            var request = Request() with { Retention = TimeSpan.FromSeconds(1) };
            await store.BeginAsync(request);
            var id = look.Ask("SELECT id FROM record");
            Assert.Equal(usedBefore ?? id, id); // SQLite gives the number of the last row out again when that row is gone
            usedBefore = id;
            Assert.True(await store.CompleteAsync(request.Key, request.Claim, BitConverter.GetBytes(round)));
            Assert.Equal(BitConverter.GetBytes(round), (await store.BeginAsync(request with { Claim = ClaimToken.New() })).Answer.ToArray());

            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, await store.SweepAsync(10));
        }
    }

    [Fact]
    public async Task The_file_stops_growing_when_keys_come_and_go()
    {
        const int Keys = 150;
        using var store = Open(_folder.File);
        var answer = new byte[20_000];
        var settled = 0L;
        for (var round = 1; round <= 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(_ => Task.Run(async () =>
            {
                var request = Request() with { Retention = TimeSpan.FromSeconds(1) };
                await store.BeginAsync(request);
                Assert.True(await store.CompleteAsync(request.Key, request.Claim, answer));
            })));
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Keys, await store.SweepAsync(Keys + 1));
            if (round == 5)
            {
                settled = Size();
            }
        }

        // Fifteen rounds wrote 45 MB more. Where the last checkpoint fell makes a difference of a transaction at most.
        Assert.InRange(Size(), 1, settled + (6 << 20));
    }

    [Fact]
    public void All_roles_are_one_store_and_the_container_closes_it()
    {
        var services = new ServiceCollection().AddSingleton<TimeProvider>(_clock).AddSqliteStore(_folder.Options).BuildServiceProvider();
        var store = services.GetRequiredService<IIdempotencyStore>();

        Assert.Same(store, services.GetRequiredService<IStoreInspector>());
        Assert.Same(store, services.GetRequiredService<SqliteStore>());
        services.Dispose();

        Assert.False(File.Exists(_folder.File + "-wal")); // the last connection has folded the log into the file
    }

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };

    private SqliteStore Open(string path, TimeSpan? busy = null) =>
        new(_folder.Options with { Path = path, BusyTimeout = busy ?? _folder.Options.BusyTimeout }, _clock);

    private StoreConfigurationException AssertFault(string path, string cure)
    {
        var fault = Assert.Throws<StoreConfigurationException>(() => Open(path));
        Assert.Equal("Idempotency:Stores:Sqlite:Path", fault.Place);
        Assert.Contains($"'{path}'", fault.Problem, StringComparison.Ordinal);
        Assert.Equal(cure, fault.Cure);
        Assert.Equal($"{fault.Place}: {fault.Problem} {fault.Cure}", fault.Message);
        return fault;
    }

    private string Schema()
    {
        using var look = _folder.Connect();
        var sql = look.Ask("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name)");
        return $"version {look.Ask("PRAGMA user_version")}\n{sql}";
    }

    private long Size() => new FileInfo(_folder.File).Length + new FileInfo(_folder.File + "-wal").Length;

    /// <summary>Root may write whatever a file's mode says.</summary>
    private sealed class UnprivilegedFactAttribute : FactAttribute
    {
        public UnprivilegedFactAttribute() => Skip = Environment.IsPrivilegedProcess ? "needs a user whom a file's mode holds back" : null;
    }
}
