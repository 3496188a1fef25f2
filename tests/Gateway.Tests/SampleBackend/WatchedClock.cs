using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.SampleBackend;

/// <summary>A clock that a test moves, and that tells when somebody has begun to wait by it.</summary>
internal sealed class WatchedClock : FakeTimeProvider
{
    private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WatchedClock()
        : base(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    public Task SomebodyWaits => _waited.Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waited.TrySetResult();
        return timer;
    }
}
