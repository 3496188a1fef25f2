namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// The life of one forward, cut loose from the client's: an absolute bound, within it a bound on idle time, and the gateway's
/// own end.
/// </summary>
internal sealed class ForwardDeadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly TimeSpan _bound;
    private bool _isShortened; // by idle time; else the absolute bound is what is set already
    private TimeSpan _idleEnd; // what was last set, since the start

    public ForwardDeadline(TimeSpan bound, TimeProvider time)
    {
        _time = time;
        _bound = bound;
        _started = time.GetTimestamp();
        _source = new CancellationTokenSource(bound, time);
        Token = _source.Token;
    }

    public CancellationToken Token { get; }

    /// <summary>Ended because the gateway stops, not because time ran out.</summary>
    public bool IsStopped { get; private set; }

    public TimeSpan Elapsed => _time.GetElapsedTime(_started);

    /// <summary>
    /// Something has moved: idle time counts anew, the absolute bound does not. The timer is not set anew for each of them, so idle time
    /// ends up to a hundredth late, and never early.
    /// </summary>
    /// <param name="idle">YARP's <c>ActivityTimeout</c>; null: no bound of its own.</param>
    public void Progress(TimeSpan? idle)
    {
        if (idle is not { } most)
        {
            return;
        }

        var elapsed = Elapsed;
        if (_idleEnd - elapsed >= most)
        {
            return;
        }

        var end = elapsed + most + (most / 100);
        if (end < _bound)
        {
            (_isShortened, _idleEnd) = (true, end);
            _source.CancelAfter(end - elapsed);
        }
        else if (_isShortened && elapsed < _bound)
        {
            _isShortened = false;
            _source.CancelAfter(_bound - elapsed);
        }
    }

    public void Stop()
    {
        IsStopped = true;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The forward ended in this very moment.
        }
    }

    public void Dispose() => _source.Dispose();
}
