using System.Diagnostics;

namespace Gateway.CrashTest.Evidence;

/// <summary>One clock for all that is recorded, in seconds since the start, and when this machine stood still.</summary>
internal sealed class Timeline : IDisposable
{
    private const double Tick = 0.1;
    private const double Stalled = 0.4;

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly List<(double From, double To)> _stalls = [];
    private readonly Timer _heart;
    private double _lastBeat;

    public Timeline() => _heart = new Timer(_ => Beat(), null, TimeSpan.Zero, TimeSpan.FromSeconds(Tick));

    public double Now => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>How long the machine gave this process no time, between the two.</summary>
    public double StalledBetween(double from, double to)
    {
        lock (_gate)
        {
            return _stalls.Sum(stall => Math.Max(0, Math.Min(to, stall.To) - Math.Max(from, stall.From)));
        }
    }

    public void Dispose() => _heart.Dispose();

    private void Beat()
    {
        lock (_gate)
        {
            var now = Now;
            if (now - _lastBeat > Stalled)
            {
                _stalls.Add((_lastBeat, now));
            }

            _lastBeat = now;
        }
    }
}
