using System.Collections.Concurrent;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest.Evidence;

/// <summary>All that has been recorded in one round.</summary>
internal sealed class History(Timeline time)
{
    /// <summary>What lasts on after a fault: a circuit that has yet to close, a pool of dead connections.</summary>
    private const double Recovery = 5;

    /// <summary>What is still under way when the last client has left.</summary>
    public const double Settling = 1.5;

    private readonly Lock _gate = new();
    private readonly List<FaultWindow> _faults = [];
    private readonly Dictionary<string, List<Charge>> _ledger = [];
    private List<(double From, double To)>? _slow;

    public Timeline Time => time;

    /// <summary>When the last fault was taken back.</summary>
    public double Ended { get; set; }

    public ConcurrentQueue<Intent> Intents { get; } = [];

    public IReadOnlyList<FaultWindow> Faults
    {
        get
        {
            lock (_gate)
            {
                return [.. _faults];
            }
        }
    }

    public FaultWindow Begin(string kind, int? gateway)
    {
        lock (_gate)
        {
            var window = new FaultWindow(kind, gateway, time.Now);
            _faults.Add(window);
            return window;
        }
    }

    public void Add(IEnumerable<Charge> charges)
    {
        foreach (var charge in charges)
        {
            if (!_ledger.TryGetValue(charge.OrderId, out var all))
            {
                _ledger[charge.OrderId] = all = [];
            }

            all.Add(charge);
        }
    }

    public IReadOnlyList<Charge> Charges(Intent intent) => _ledger.GetValueOrDefault(intent.OrderId) ?? [];

    /// <summary>For judging, when nothing is added any more. Something went wrong while the intent was at work, or so shortly before that it may not have been over.</summary>
    public bool HadCause(Intent intent)
    {
        var attempts = intent.Attempts.Where(attempt => !attempt.IsAudit).ToList();
        if (attempts.Exists(attempt => attempt.Knobs.AreUnsettling))
        {
            return true;
        }

        var from = attempts[0].Started - Recovery;
        var to = attempts.Max(attempt => attempt.Ended) + Settling;
        return time.StalledBetween(from, to) > 0 || Faults.Any(fault => fault.Touches(from, to)) || Slow().Any(slow => slow.From <= to && slow.To >= from);
    }

    /// <summary>When answers took so long, with nothing that slows them down, that others may have missed their deadlines.</summary>
    private List<(double From, double To)> Slow() => _slow ??=
    [
        .. Intents.SelectMany(intent => intent.Attempts)
            .Where(attempt => attempt.Knobs == Knobs.None && attempt.Ended - attempt.Started > RoutesFile.Deadline.TotalSeconds / 4)
            .Select(attempt => (attempt.Started, attempt.Ended)),
    ];

    public IEnumerable<string> Tell(Intent intent)
    {
        yield return intent.ToString();
        var attempts = intent.Attempts;
        var (from, to) = (attempts[0].Started, attempts.Where(attempt => !attempt.IsAudit).Max(attempt => attempt.Ended) + Settling);
        var lines = attempts.Select(attempt => (At: attempt.Started, Line: attempt.ToString()))
            .Concat(Faults.Where(fault => fault.Touches(from, to)).Select(fault => (At: fault.From, Line: fault.ToString())))
            .OrderBy(line => line.At);
        foreach (var (_, line) in lines)
        {
            yield return "  " + line;
        }

        foreach (var charge in Charges(intent))
        {
            yield return $"  in the ledger: {charge}";
        }
    }
}
