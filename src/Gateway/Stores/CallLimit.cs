namespace Gateway.Stores;

/// <summary>
/// Ends the wait for a store call when its time is over. All calls have the same time, so they run out in the order in which they began: one
/// timer serves them all, where <see cref="Task{TResult}.WaitAsync(TimeSpan, TimeProvider)"/> makes one for each.
/// </summary>
internal sealed class CallLimit(TimeSpan limit, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1); // a timer counts in no less

    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private ITimer? _timer;
    private bool _isSet;

    /// <param name="started">The clock's timestamp when the call was made.</param>
    /// <exception cref="TimeoutException">The call has not ended within the limit. It goes on, and nobody looks at it any more.</exception>
    public Task<T> WaitAsync<T>(Task<T> call, long started)
    {
        var waiting = new Waiting<T>(this, call, started);
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
    private void Remove(Waiting waiting)
    {
        lock (_gate)
        {
            if (waiting.Node.List is not null)
            {
                _waiting.Remove(waiting.Node);
            }
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

    private abstract class Waiting
    {
        protected Waiting(long started) => (Started, Node) = (started, new LinkedListNode<Waiting>(this));

        public long Started { get; }

        /// <summary>Its place among those that wait; under the lock.</summary>
        public LinkedListNode<Waiting> Node { get; }

        public abstract void TimeOut();
    }

    private sealed class Waiting<T>(CallLimit owner, Task<T> call, long started) : Waiting(started)
    {
        private readonly TaskCompletionSource<T> _ended = new();

        public Task<T> Task => _ended.Task;

        public override void TimeOut() => _ended.TrySetException(new TimeoutException());

        public void End()
        {
            owner.Remove(this);
            _ended.TrySetFromTask(call);
        }
    }
}
