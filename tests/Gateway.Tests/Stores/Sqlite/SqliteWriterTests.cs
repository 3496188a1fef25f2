using System.Buffers.Binary;
using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Stores;

/// <summary>The writer itself: group commit, and what becomes of a batch when something in it, under it or after it fails.</summary>
public sealed class SqliteWriterTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly SqliteConnection _connection;
    private readonly SqliteWriter<SqliteWriteSession> _writer;

    public SqliteWriterTests()
    {
        var database = new SqliteDatabase(SqliteSchema.Store, _folder.Options.Path, TimeSpan.FromMilliseconds(20));
        database.Create();
        _connection = database.Open();
        _writer = new SqliteWriter<SqliteWriteSession>(new SqliteWriteSession(_connection));
    }

    public void Dispose()
    {
        _writer.Dispose();
        _connection.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Writes_that_wait_together_are_committed_together()
    {
        Task[] writes;
        using (var held = Hold())
        {
            writes = [.. Enumerable.Range(0, 100).Select(_ => InsertAsync().AsTask())];
        }

        await Task.WhenAll(writes);

        Assert.Equal(1, Commits());
    }

    [Fact]
    public async Task A_batch_is_bounded()
    {
        Task[] writes;
        using (var held = Hold())
        {
            writes = [.. Enumerable.Range(0, (3 * SqliteWriter<SqliteWriteSession>.MaxBatch) + 1).Select(_ => InsertAsync().AsTask())];
        }

        await Task.WhenAll(writes);

        Assert.Equal(4, Commits());
    }

    [Fact]
    public async Task A_write_is_answered_after_its_commit()
    {
        for (var i = 1; i <= 5; i++)
        {
            await InsertAsync();
            using var other = _folder.Connect();
            Assert.Equal((long)i, other.Ask("SELECT count(*) FROM record"));
        }
    }

    [Fact]
    public async Task One_failing_write_does_not_fail_the_others_of_its_batch()
    {
        var runs = 0;
        Task<BeginResult>[] before, after;
        Task<int> failing;
        using (var held = Hold())
        {
            before = [.. Enumerable.Range(0, 10).Select(_ => InsertAsync().AsTask())];
            failing = _writer.WriteAsync<int>(_ =>
            {
                runs++;
                throw new InvalidDataException("a faulty row");
            }).AsTask();
            after = [.. Enumerable.Range(0, 10).Select(_ => InsertAsync().AsTask())];
        }

        Assert.Equal("a faulty row", (await Assert.ThrowsAsync<InvalidDataException>(() => failing)).Message);
        Assert.All(await Task.WhenAll(before.Concat(after)), b => Assert.Equal(BeginOutcome.Claimed, b.Outcome));
        Assert.Equal(2, runs);
        Assert.Equal(20L, Ask("SELECT count(*) FROM record"));
    }

    [Fact]
    public async Task A_failed_write_leaves_nothing_of_itself_behind()
    {
        var request = Request();

        await Assert.ThrowsAsync<InvalidDataException>(async () => await _writer.WriteAsync<int>(session =>
        {
            session.Begin(request, now: 0);
            throw new InvalidDataException();
        }));

        Assert.Equal(0L, Ask("SELECT count(*) FROM record"));
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task A_commit_that_fails_fails_only_the_write_that_it_fails_for()
    {
        await _writer.WriteAsync(_ => _connection.Ask("""
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
            """));
        await RunOutsideTransactionAsync("PRAGMA foreign_keys = ON");

        Task<BeginResult> good;
        Task<object?> bad;
        using (var held = Hold())
        {
            good = InsertAsync().AsTask();
            bad = _writer.WriteAsync(_ => _connection.Ask("INSERT INTO child VALUES (1)")).AsTask(); // found out at commit
        }

        var failure = await Assert.ThrowsAsync<SqliteException>(() => bad);
        Assert.Equal(SQLitePCL.raw.SQLITE_CONSTRAINT, failure.SqliteErrorCode);
        Assert.Equal(BeginOutcome.Claimed, (await good).Outcome);
        Assert.Equal(0L, Ask("SELECT count(*) FROM child"));
        Assert.Equal(1L, Ask("SELECT count(*) FROM record"));
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task A_full_disk_fails_the_write_that_does_not_fit_whole_and_goes_on_when_there_is_room()
    {
        var request = Request();
        var answer = new byte[1 << 20];
        await _writer.WriteAsync(session => session.Begin(request, now: 0));
        await RunOutsideTransactionAsync($"PRAGMA max_page_count = {Ask("PRAGMA page_count")}");

        Task<bool> complete;
        Task<bool> renew;
        using (var held = Hold())
        {
            complete = _writer.WriteAsync(session => session.Complete(request.Key, request.Claim, answer, now: 1)).AsTask();
            renew = _writer.WriteAsync(session => session.Renew(request.Key, request.Claim, TimeSpan.FromSeconds(40), now: 2)).AsTask();
        }

        var failure = Assert.IsType<SqliteException>((await Assert.ThrowsAsync<StoreRefusesWritesException>(() => complete)).InnerException);
        Assert.Equal(SQLitePCL.raw.SQLITE_FULL, failure.SqliteErrorCode);
        Assert.True(await renew); // had the half of the completion stayed, this could not be
        Assert.Equal(1L, Ask("SELECT state FROM record"));
        Assert.Equal(0L, Ask("SELECT count(*) FROM answer"));

        await RunOutsideTransactionAsync("PRAGMA max_page_count = 1000000");
        Assert.True(await _writer.WriteAsync(session => session.Complete(request.Key, request.Claim, answer, now: 3)));
        Assert.Equal((long)answer.Length, Ask("SELECT length(bytes) FROM answer"));
    }

    [Fact]
    public async Task A_lock_that_is_not_let_go_fails_all_that_wait_at_once()
    {
        using var other = _folder.Connect();
        Task<BeginResult>[] writes;
        using (var held = Hold())
        {
            // The holder gives its transaction up and another process takes the lock.
            held.Instead(session =>
            {
                session.Rollback();
                other.Ask("BEGIN IMMEDIATE");
                throw new InvalidDataException();
            });
            writes = [.. Enumerable.Range(0, 50).Select(_ => InsertAsync().AsTask())];
        }

        var failures = new HashSet<Exception>();
        foreach (var write in writes)
        {
            failures.Add(await Assert.ThrowsAsync<SqliteException>(() => write));
        }

        Assert.Single(failures); // one wait for the lock, not fifty
        other.Ask("ROLLBACK");
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task A_lock_that_is_lost_amid_a_failed_batch_fails_the_rest_of_it_at_once()
    {
        using var other = _folder.Connect();
        Task<BeginResult>[] writes;
        Task<int> failing;
        var runs = 0;
        using (var held = Hold())
        {
            failing = _writer.WriteAsync<int>(session =>
            {
                if (++runs == 2)
                {
                    session.Rollback();
                    other.Ask("BEGIN IMMEDIATE");
                }

                throw new InvalidDataException();
            }).AsTask();
            writes = [.. Enumerable.Range(0, 5).Select(_ => InsertAsync().AsTask())];
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => failing);
        var failures = new HashSet<Exception>();
        foreach (var write in writes)
        {
            failures.Add(await Assert.ThrowsAsync<SqliteException>(() => write));
        }

        Assert.Single(failures); // one wait for the lock, not five
        other.Ask("ROLLBACK");
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task A_transaction_that_was_left_open_is_given_up_and_the_writer_lives_on()
    {
        await Assert.ThrowsAsync<SqliteException>(async () => await _writer.WriteAsync<int>(session =>
        {
            session.Commit(); // so that the writer's own commit fails
            return 1;
        }));
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task Writes_that_wait_when_it_is_disposed_are_finished()
    {
        var writes = new List<Task<BeginResult>>();
        Task disposed;
        using (var held = Hold())
        {
            writes.AddRange(Enumerable.Range(0, 300).Select(_ => InsertAsync().AsTask()));
            disposed = Task.Run(_writer.Dispose);
            while (true)
            {
                try
                {
                    writes.Add(InsertAsync().AsTask());
                }
                catch (ObjectDisposedException)
                {
                    break; // from here on it is closing
                }

                await Task.Yield();
            }
        }

        await disposed;

        Assert.All(await Task.WhenAll(writes), b => Assert.Equal(BeginOutcome.Claimed, b.Outcome));
        using var look = _folder.Connect();
        Assert.Equal((long)writes.Count, look.Ask("SELECT count(*) FROM record"));
    }

    [Fact]
    public async Task After_dispose_it_refuses_and_may_be_disposed_again()
    {
        _writer.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await InsertAsync());
        _writer.Dispose();
    }

    [Fact]
    public async Task More_writes_than_may_wait_are_refused_at_once()
    {
        var writes = new List<Task<BeginResult>>();
        using (var held = Hold())
        {
            for (var i = 0; i < SqliteWriter<SqliteWriteSession>.MaxWaiting; i++)
            {
                writes.Add(_writer.WriteAsync(_ => BeginResult.Claimed(DateTimeOffset.UnixEpoch)).AsTask());
            }

            await Assert.ThrowsAsync<InvalidOperationException>(async () => await InsertAsync());
        }

        await Task.WhenAll(writes);
        Assert.Equal(BeginOutcome.Claimed, (await InsertAsync()).Outcome);
    }

    [Fact]
    public async Task A_continuation_does_not_run_on_the_writers_thread()
    {
        Task<int> write;
        Task<int> continued;
        using (var held = Hold())
        {
            write = _writer.WriteAsync(_ => Environment.CurrentManagedThreadId).AsTask();
            continued = write.ContinueWith(
                _ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        Assert.NotEqual(await write, await continued);
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

    private ValueTask<BeginResult> InsertAsync()
    {
        var request = Request();
        return _writer.WriteAsync(session => session.Begin(request, now: 0));
    }

    private object? Ask(string sql)
    {
        using var look = _folder.Connect();
        return look.Ask(sql);
    }

    /// <summary>Some settings take no effect inside a transaction.</summary>
    private async Task RunOutsideTransactionAsync(string sql) => await _writer.WriteAsync(session =>
    {
        session.Commit();
        _connection.Ask(sql);
        session.BeginTransaction();
        return true;
    });

    /// <summary>Keeps the writer busy, so that what is written meanwhile waits together; until it is disposed.</summary>
    private Holding Hold() => new(_writer);

    /// <summary>
    /// The transactions in the log: a frame that ends one carries the size of the file
    /// (<see href="https://sqlite.org/fileformat2.html#walformat">SQLite file format, 4.1</see>).
    /// </summary>
    private int Commits()
    {
        using var file = new FileStream(_folder.File + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var log = new byte[file.Length];
        file.ReadExactly(log);
        var page = BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(8));
        var commits = 0;
        for (var frame = 32; frame < log.Length; frame += 24 + page)
        {
            commits += BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(frame + 4)) != 0 ? 1 : 0;
        }

        return commits;
    }

    private sealed class Holding : IDisposable
    {
        private readonly ManualResetEventSlim _letGo = new();
        private readonly Task<bool> _held;
        private Action<SqliteWriteSession>? _instead;

        public Holding(SqliteWriter<SqliteWriteSession> writer)
        {
            using var started = new ManualResetEventSlim();
            var first = true;
            _held = writer.WriteAsync(session =>
            {
                if (first)
                {
                    first = false;
                    started.Set();
                    _letGo.Wait();
                    _instead?.Invoke(session);
                }

                return true;
            }).AsTask();
            started.Wait();
        }

        public void Instead(Action<SqliteWriteSession> work) => _instead = work;

        public void Dispose()
        {
            _letGo.Set();
            if (_instead is null)
            {
                _held.Wait();
            }
            else
            {
                Task.WaitAny(_held);
            }

            _letGo.Dispose();
        }
    }
}
