using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>A clock that a test moves, and that tells of every wait that begins by it, and for how long.</summary>
internal sealed class WaitingClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();
    private TimeSpan _leap;

    /// <summary>Sets the wall clock, by an administrator's hand or the network's time: no time has passed.</summary>
    public void Leap(TimeSpan by) => _leap += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _leap;

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

    public ValueTask<TimeSpan> NextWaitAsync() => _waits.Reader.ReadAsync();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }
}
