using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Stores.Sqlite;

/// <summary>Opens connections to the file and makes the schema when it is missing.</summary>
internal sealed class SqliteDatabase(SqliteSchema schema, string path, TimeSpan busyTimeout)
{
    private string Place => schema.Place;

    /// <summary>Whether <see cref="SqliteSchema.Index"/> is there.</summary>
    public bool HasIndex { get; private set; }

    /// <exception cref="StoreConfigurationException">The file cannot be used.</exception>
    public void Create()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            CreateFile();
            using var connection = Open();
            if (IsReadyForUse(connection))
            {
                HasIndex = TryMakeIndex(connection);
                return;
            }

            // Immediate: of two processes that start together one makes the schema and the other sees it.
            using (var transaction = connection.BeginTransaction(deferred: false))
            {
                var version = (long)Ask(connection, "PRAGMA user_version;", transaction)!;
                RefuseWhatIsNotOurs(connection, version, transaction);
                if (version == 0)
                {
                    Execute(connection, schema.Tables, transaction);
                    if (schema.Index is { } index)
                    {
                        Execute(connection, index.Make, transaction);
                    }
                }
                else
                {
                    // A transaction begins on a read-only file without a word: only a write tells.
                    Execute(connection, FormattableString.Invariant($"PRAGMA user_version = {schema.Version};"), transaction);
                }

                transaction.Commit();
            }

            var mode = Ask(connection, "PRAGMA journal_mode = WAL;");
            if (mode is not "wal")
            {
                throw new StoreConfigurationException(
                    Place, $"'{path}' cannot have a write-ahead log (its journal mode stays '{mode}').", "Give a path on a local disk.");
            }

            HasIndex = TryMakeIndex(connection);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED)
        {
            throw new StoreConfigurationException(
                Place, $"'{path}' is new or not in use by a gateway yet, and another process holds it: {e.Message}", "End that process, or start again when it is done.", e);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StoreConfigurationException(
                Place, $"'{path}' cannot be opened: {e.Message}", schema.Cure, e);
        }
    }

    /// <summary>
    /// Made by an earlier start or by another gateway: then nothing is written now, and nobody who holds the file for a while (a
    /// back-up, an operator's shell) keeps a gateway from coming back. Whether it can be written to, the store's self-test waits to see.
    /// </summary>
    private bool IsReadyForUse(SqliteConnection connection) =>
        (long)Ask(connection, "PRAGMA user_version;")! == schema.Version
        && Ask(connection, schema.HasOwnTables) is 1L
        && Ask(connection, "PRAGMA journal_mode;") is "wal"
        && raw.sqlite3_db_readonly(connection.Handle, "main") == 0;

    /// <summary>
    /// The file may be of before there was one. It is made now, as nobody is served yet (it takes a look at every row), and only where
    /// the file can be written to at once: nobody who holds it, and no full disk, keeps a gateway from coming back. The next start tries again.
    /// </summary>
    private bool TryMakeIndex(SqliteConnection connection)
    {
        if (schema.Index is not { } index)
        {
            return false;
        }

        if (Ask(connection, index.IsThere) is 1L)
        {
            return true;
        }

        // Not by the driver: it would ask again for a second while the file is held.
        Execute(connection, "PRAGMA busy_timeout = 0;");
        return raw.sqlite3_exec(connection.Handle, index.Make) == raw.SQLITE_OK;
    }

    /// <summary>For this user's eyes only, as it will hold answers; SQLite gives its journal files the same mode. An existing file keeps its own.</summary>
    private void CreateFile()
    {
        if (File.Exists(path) || OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster.
        }
    }

    /// <summary>Of the one that writes.</summary>
    public const int WriterCache = 64 << 10;

    /// <summary>Of each that reads, as many as read at once: the upper levels of the indexes of many millions of records.</summary>
    public const int ReaderCache = 8 << 10;

    /// <summary>A connection that is durable at commit: WAL with <c>synchronous = FULL</c>.</summary>
    /// <param name="cache">KiB of pages that it keeps at most; null: SQLite's own 2 MB.</param>
    public SqliteConnection Open(int? cache = null)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false, // the file is let go when the connection is closed
            DefaultTimeout = 1, // SQLite's own busy handler waits; the driver's loop (150 ms steps) must not add to it
        }.ToString());
        try
        {
            connection.Open();

            // page_size counts only for a new file. 8 KiB pages and a checkpoint every 16 MiB measured best for answers of 1 KiB.
            // fullfsync: on macOS a plain fsync does not reach the disk.
            Execute(connection, FormattableString.Invariant($"""
                PRAGMA page_size = 8192;
                PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds};
                PRAGMA synchronous = FULL;
                PRAGMA fullfsync = ON;
                PRAGMA checkpoint_fullfsync = ON;
                PRAGMA wal_autocheckpoint = 2000;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA temp_store = MEMORY;
                """));
            if (cache is { } size)
            {
                Execute(connection, FormattableString.Invariant($"PRAGMA cache_size = {-size};"));
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Before anything is written: the file may be somebody else's.</summary>
    private void RefuseWhatIsNotOurs(SqliteConnection connection, long version, SqliteTransaction transaction)
    {
        if (version != 0 && version != schema.Version)
        {
            throw new StoreConfigurationException(
                Place,
                $"'{path}' has schema version {version}, and this gateway knows version {schema.Version}.",
                $"Use the gateway that wrote it, or give another path ({schema.Loss}).");
        }

        var isOurs = version == 0
            ? Ask(connection, SqliteScripts.HasTables, transaction) is 0L
            : Ask(connection, schema.HasOwnTables, transaction) is 1L;
        if (!isOurs)
        {
            throw new StoreConfigurationException(
                Place, $"'{path}' is the database of another application.", "Give a path to a file of its own.");
        }
    }

    private static object? Ask(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = Command(connection, sql, transaction);
        return command.ExecuteScalar();
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = Command(connection, sql, transaction);
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, SqliteTransaction? transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // the text is a constant or comes from an embedded script
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}

/// <summary>What a database file holds, and where its path is configured.</summary>
/// <param name="Place">The setting that gives the path.</param>
/// <param name="Version">In <c>PRAGMA user_version</c>.</param>
/// <param name="Tables">Makes them, and sets the version.</param>
/// <param name="HasOwnTables">Answers 1 where they are.</param>
/// <param name="Loss">What leaving an old file behind costs.</param>
/// <param name="Cure">What helps where the file cannot be used.</param>
/// <param name="Index">One that all works without, only slower, and that is therefore no part of the version.</param>
internal sealed record SqliteSchema(string Place, int Version, string Tables, string HasOwnTables, string Loss, string Cure = "Give a path that this process may create and write.", SqliteIndex? Index = null)
{
    public static readonly SqliteSchema Store = new(
        "Idempotency:Stores:Sqlite:Path", 1, SqliteScripts.Schema, SqliteScripts.HasOwnTables, "records in the old file are then not replayed",
        Index: new SqliteIndex(SqliteScripts.OpenIndex, SqliteScripts.HasOpenIndex));
}

/// <param name="IsThere">Answers 1 where it is.</param>
internal sealed record SqliteIndex(string Make, string IsThere);
