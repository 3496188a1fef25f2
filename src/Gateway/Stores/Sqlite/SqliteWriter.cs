using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>
/// The one writer of this process: a thread that takes all writes that are waiting, runs them in one transaction, and
/// answers them after its commit (group commit). Nothing waits for a batch to fill: a lone write costs one sync, sixty-four
/// at once cost one as well.
/// </summary>
internal sealed class SqliteWriter<TSession> : IDisposable
    where TSession : SqliteSession
{
    /// <summary>Writes in one transaction: bounds how long a commit takes, and the work that a failed batch repeats.</summary>
    internal const int MaxBatch = 256;

    /// <summary>Writes that may wait. A disk that cannot keep up must show as an unavailable store, not as growing memory.</summary>
    internal const int MaxWaiting = 16_384;

    // https://sqlite.org/rescode.html
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;

    private readonly TSession _session;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _wake = new();
    private readonly Queue<Write> _waiting = new();
    private bool _stopping;

    public SqliteWriter(TSession session)
    {
        _session = session;
        _thread = new Thread(Run) { IsBackground = true, Name = "idempotency sqlite writer" };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> in a transaction and answers when that is committed.</summary>
    public ValueTask<T> WriteAsync<T>(Func<TSession, T> work)
    {
        var write = new Write<T>(work);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (_waiting.Count >= MaxWaiting)
            {
                throw new InvalidOperationException($"{MaxWaiting} writes are waiting for the disk; this one is refused.");
            }

            _waiting.Enqueue(write);
        }

        _wake.Set();
        return new ValueTask<T>(write.Task);
    }

    /// <summary>Finishes what is waiting, then lets the file go.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }

        _wake.Set();
        _thread.Join();
        _session.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        var batch = new List<Write>(MaxBatch);
        while (Take(batch))
        {
            if (TryBegin(batch, first: 0) && !TryTogether(batch))
            {
                // One of them failed. The others must not suffer for it: each on its own.
                for (var i = 0; i < batch.Count && TryBegin(batch, i); i++)
                {
                    Alone(batch[i]);
                }
            }

            batch.Clear();
        }
    }

    private bool Take(List<Write> batch)
    {
        while (true)
        {
            lock (_gate)
            {
                while (batch.Count < MaxBatch && _waiting.TryDequeue(out var write))
                {
                    batch.Add(write);
                }

                if (batch.Count > 0)
                {
                    return true;
                }

                if (_stopping)
                {
                    return false;
                }

                _wake.Reset();
            }

            _wake.Wait();
        }
    }

    /// <summary>
    /// Begins a transaction, or fails every write from <paramref name="first"/> on: mostly another process holds the file for
    /// longer than the busy time-out, and the same would befall each of them, one time-out after the other.
    /// </summary>
    private bool TryBegin(List<Write> batch, int first)
    {
        try
        {
            _session.BeginTransaction();
            return true;
        }
        catch (Exception e)
        {
            _session.Rollback();
            batch[first..].ForEach(write => write.Fail(e));
            return false;
        }
    }

    private bool TryTogether(List<Write> batch)
    {
        try
        {
            foreach (var write in batch)
            {
                write.Run(_session);
            }

            _session.Commit();
        }
        catch (Exception)
        {
            _session.Rollback();
            return false;
        }

        foreach (var write in batch)
        {
            write.Answer();
        }

        return true;
    }

    private void Alone(Write write)
    {
        try
        {
            write.Run(_session);
            _session.Commit();
        }
        catch (Exception e)
        {
            _session.Rollback();
            write.Fail(e);
            return;
        }

        write.Answer();
    }

    private abstract class Write
    {
        public abstract void Run(TSession session);

        public abstract void Answer();

        public abstract void Fail(Exception error);
    }

    private sealed class Write<T>(Func<TSession, T> work) : Write
    {
        // Asynchronously: a caller's continuation must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _done.Task;

        public override void Run(TSession session) => _result = work(session);

        public override void Answer() => _done.SetResult(_result!);

        public override void Fail(Exception error) => _done.SetException(error is SqliteException { SqliteErrorCode: Full or ReadOnly or InputOutput } ? new StoreRefusesWritesException(error) : error);
    }
}
