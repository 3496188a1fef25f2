using Gateway.Idempotency.Forwarding;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Idempotency.Forwarding;

public sealed class ForwardDeadlineTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly ForwardDeadline _deadline;

    public ForwardDeadlineTests() => _deadline = new ForwardDeadline(Bound, _time);

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public void Idle_time_ends_it_never_early_and_at_most_a_hundredth_late()
    {
        _deadline.Progress(Idle);
        _time.Advance(Slack / 2);
        _deadline.Progress(Idle); // so soon behind the other that the timer stays as it is
        _time.Advance(Idle - Tick);
        Assert.False(_deadline.Token.IsCancellationRequested);
        _time.Advance(Slack + Tick);
        Assert.True(_deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void What_moves_now_and_then_is_not_idle()
    {
        for (var i = 0; i < 5; i++)
        {
            _deadline.Progress(Idle);
            _time.Advance(Idle);
            Assert.False(_deadline.Token.IsCancellationRequested);
        }
    }

    [Fact]
    public void What_moves_all_the_time_ends_at_the_bound()
    {
        while (_deadline.Elapsed < Bound - Tick)
        {
            Assert.False(_deadline.Token.IsCancellationRequested);
            _deadline.Progress(Idle);
            _time.Advance(TimeSpan.FromTicks(Math.Min(Idle.Ticks, (Bound - Tick - _deadline.Elapsed).Ticks)));
        }

        Assert.False(_deadline.Token.IsCancellationRequested);
        _time.Advance(Tick);
        Assert.True(_deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public void Idle_time_longer_than_the_bound_does_not_lengthen_it()
    {
        _deadline.Progress(2 * Bound);
        _time.Advance(Bound - Tick);
        Assert.False(_deadline.Token.IsCancellationRequested);
        _time.Advance(Tick);
        Assert.True(_deadline.Token.IsCancellationRequested);
    }
}
