using System.Threading.Tasks.Sources;

namespace Gateway.Stores;

/// <summary>
/// Ends the wait for a store call when its time is over. All calls have the same time, so they run out in the order in which they began: one
/// timer serves them all, where <see cref="Task.WaitAsync(TimeSpan, TimeProvider)"/> makes one for each.
/// </summary>
internal sealed class CallLimit(TimeSpan limit, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1); // a timer counts in no less

    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private ITimer? _timer;
    private bool _isSet;

    /// <summary>What it ended with is in the call itself.</summary>
    /// <param name="started">The clock's timestamp when the call was made.</param>
    /// <returns>Whether it has ended within the limit. Else it goes on, and nobody looks at it any more.</returns>
    public ValueTask<bool> EndsInTimeAsync(Task call, long started)
    {
        var waiting = new Waiting(this, started);
        Add(waiting);
        call.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(waiting.End);
        return waiting.Task;
    }

    public void Dispose() => _timer?.Dispose();

    private void Add(Waiting waiting)
    {
        lock (_gate)
        {
            _waiting.AddLast(waiting.Node);
            if (!_isSet)
            {
                Set(limit);
            }
        }
    }

    /// <summary>The timer stays as it is set: when it finds that the first has gone, it is set for the one that is first then.</summary>
    /// <returns>False: its time was over before.</returns>
    private bool TryRemove(Waiting waiting)
    {
        lock (_gate)
        {
            if (waiting.Node.List is null)
            {
                return false;
            }

            _waiting.Remove(waiting.Node);
            return true;
        }
    }

    private void EndDue()
    {
        lock (_gate)
        {
            _isSet = false;
            while (_waiting.First?.Value is { } first)
            {
                var left = limit - time.GetElapsedTime(first.Started);
                if (left > TimeSpan.Zero)
                {
                    Set(left > ShortestWait ? left : ShortestWait);
                    return;
                }

                _waiting.RemoveFirst();
                ThreadPool.UnsafeQueueUserWorkItem(static waiting => waiting.TimeOut(), first, preferLocal: false); // what is waited for goes on there
            }
        }
    }

    private void Set(TimeSpan due)
    {
        _isSet = true;
        if (_timer is null)
        {
            _timer = time.CreateTimer(static state => ((CallLimit)state!).EndDue(), this, due, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Who takes it out of the list ends it, the call or the time, so that it has one end.</summary>
    private sealed class Waiting : IValueTaskSource<bool>
    {
        private readonly CallLimit _owner;
        private ManualResetValueTaskSourceCore<bool> _ended;

        public Waiting(CallLimit owner, long started) => (_owner, Started, Node) = (owner, started, new LinkedListNode<Waiting>(this));

        public long Started { get; }

        /// <summary>Its place among those that wait; under the lock.</summary>
        public LinkedListNode<Waiting> Node { get; }

        public ValueTask<bool> Task => new(this, _ended.Version);

        public void TimeOut() => _ended.SetResult(false);

        public void End()
        {
            if (_owner.TryRemove(this))
            {
                _ended.SetResult(true);
            }
        }

        bool IValueTaskSource<bool>.GetResult(short token) => _ended.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _ended.GetStatus(token);

        void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _ended.OnCompleted(continuation, state, token, flags);
    }
}
