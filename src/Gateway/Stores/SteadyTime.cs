namespace Gateway.Stores;

/// <summary>
/// A clock that only goes on, at its own pace: Polly reckons with the wall clock, and one that is set back by an hour would
/// keep a circuit open for that hour.
/// </summary>
internal sealed class SteadyTime(TimeProvider inner) : TimeProvider
{
    private readonly DateTimeOffset _began = inner.GetUtcNow();
    private readonly long _stamp = inner.GetTimestamp();

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _began + inner.GetElapsedTime(_stamp);

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
}
