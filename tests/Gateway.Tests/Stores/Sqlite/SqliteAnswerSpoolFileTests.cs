using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Gateway.Stores.Sqlite.Spool;

namespace Gateway.Tests.Stores;

/// <summary>The spool's file: whose it may be, who may read it, and what becomes of one that is not a spool.</summary>
public sealed class SqliteAnswerSpoolFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_holds_answers_and_is_for_its_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // modes are Unix's; a folder's rights are inherited there
        }

        using var spool = Open();
        foreach (var file in new[] { _folder.File, _folder.File + "-wal", _folder.File + "-shm" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void Closing_lets_the_file_go()
    {
        Open().Dispose();

        Assert.Equal([_folder.File], Directory.GetFiles(_folder.PathOf("")));
        using var alone = new FileStream(_folder.File, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(alone.Length > 0);
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

        AssertFault("Give a path to a file of its own.");
    }

    [Fact]
    public void The_file_of_a_store_is_a_configuration_fault_and_stays_as_it_is()
    {
        _folder.OpenStore(TimeProvider.System).Dispose();

        AssertFault("Give a path to a file of its own.");
    }

    [Fact]
    public void A_spool_is_no_store_either()
    {
        Open().Dispose();

        var fault = Assert.Throws<StoreConfigurationException>(() => _folder.OpenStore(TimeProvider.System));

        Assert.Equal("Idempotency:Stores:Sqlite:Path", fault.Place);
        Assert.Equal("Give a path to a file of its own.", fault.Cure);
    }

    [Fact]
    public void A_newer_schema_is_a_configuration_fault_that_says_what_another_path_costs()
    {
        Open().Dispose();
        using (var other = _folder.Connect())
        {
            other.Ask("PRAGMA user_version = 99");
        }

        var fault = AssertFault("Use the gateway that wrote it, or give another path (answers that wait in the old file are then not brought home).");

        Assert.Contains("version 99", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("version 1", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_as_the_path_is_a_configuration_fault()
    {
        Directory.CreateDirectory(_folder.File);

        AssertFault("Give a path that this process may create and write, or do without a file (Idempotency:Stores:Spool:MaxSize = 0: answers then wait in memory alone).");
    }

    [Fact]
    public void A_file_that_is_no_database_is_a_configuration_fault_and_stays_as_it_is()
    {
        File.WriteAllText(_folder.File, string.Concat(Enumerable.Repeat("name: gateway\n", 1000)));

        AssertFault("Give a path that this process may create and write, or do without a file (Idempotency:Stores:Spool:MaxSize = 0: answers then wait in memory alone).");
    }

    [Fact]
    public async Task A_spool_whose_pages_are_garbled_is_a_configuration_fault_and_stays_as_it_is()
    {
        using (var spool = Open())
        {
            await spool.AddAsync(new SpooledAnswer(new RecordKey(1), new ClaimToken(2), default, DateTimeOffset.UnixEpoch, new byte[50_000]));
        }

        using (var file = File.OpenWrite(_folder.File))
        {
            file.Position = 100; // the header stays: it is a database at first sight
            file.Write(Enumerable.Repeat((byte)0xee, (int)file.Length - 100).ToArray());
        }

        AssertFault("Give a path that this process may create and write, or do without a file (Idempotency:Stores:Spool:MaxSize = 0: answers then wait in memory alone).");
    }

    [Fact]
    public async Task One_that_is_cut_off_tells_so_and_takes_no_process_with_it()
    {
        long number;
        using (var spool = Open())
        {
            number = await spool.AddAsync(new SpooledAnswer(new RecordKey(1), new ClaimToken(2), default, DateTimeOffset.UnixEpoch, new byte[50_000]));
        }

        using (var file = File.OpenWrite(_folder.File))
        {
            file.SetLength(file.Length - 16_384); // the answer's last pages
        }

        await Assert.ThrowsAsync<StoreConfigurationException>(async () =>
        {
            using var spool = Open();
            await spool.ReadAsync(number);
        });
    }

    /// <summary>When this fails, the schema needs a new version, and the old files a way to it.</summary>
    [Fact]
    public void The_schema_is_version_1()
    {
        Open().Dispose();

        using var look = _folder.Connect();
        Assert.Equal(1L, look.Ask("PRAGMA user_version"));
        Assert.Equal(
            """
            CREATE TABLE spool (
                number      INTEGER PRIMARY KEY AUTOINCREMENT,
                store       TEXT    NOT NULL,           -- which it is meant for
                key         BLOB    NOT NULL,
                claim       BLOB    NOT NULL,
                fingerprint BLOB    NOT NULL,
                expires_at  INTEGER NOT NULL,           -- milliseconds since 1970-01-01 UTC
                operation   TEXT    NOT NULL,
                client_key  TEXT    NOT NULL,
                actor       BLOB    NOT NULL,
                size        INTEGER NOT NULL,           -- bytes of the answer
                answer      BLOB    NOT NULL
            ) STRICT
            CREATE TRIGGER spool_added AFTER INSERT ON spool BEGIN UPDATE total SET size = size + NEW.size; END
            CREATE TRIGGER spool_removed AFTER DELETE ON spool BEGIN UPDATE total SET size = size - OLD.size; END
            CREATE TABLE sqlite_sequence(name,seq)
            CREATE TABLE total (size INTEGER NOT NULL) STRICT
            """.ReplaceLineEndings("\n"),
            look.Ask("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name)"));
    }

    private SqliteAnswerSpool Open() => new(new AnswerSpoolOptions { Path = _folder.File, Store = "a store" }, TimeSpan.FromSeconds(20), TimeProvider.System);

    private StoreConfigurationException AssertFault(string cure)
    {
        var before = File.Exists(_folder.File) ? File.ReadAllBytes(_folder.File) : null;

        var fault = Assert.Throws<StoreConfigurationException>(Open);

        Assert.Equal("Idempotency:Stores:Spool:Path", fault.Place);
        Assert.Contains($"'{_folder.File}'", fault.Problem, StringComparison.Ordinal);
        Assert.Equal(cure, fault.Cure);
        Assert.Equal(before, File.Exists(_folder.File) ? File.ReadAllBytes(_folder.File) : null);
        return fault;
    }
}
