using System.Collections.Concurrent;
using System.Globalization;
using Gateway.CrashTest.Clients;
using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Faults;
using Gateway.CrashTest.Rules;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest;

/// <summary>
/// Rounds on one store until the time is over: a calm while, a storm of faults, everything whole again, an audit of every key,
/// and the rules. The first violation ends it.
/// </summary>
internal sealed class CrashRun(CrashOptions options, Action<string> say) : IDisposable
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Keys of rounds that are over, which are asked again in each one after.</summary>
    private const int Remembered = 100;

    private readonly Random _random = new(options.Seed);
    private readonly Timeline _time = new();
    private readonly List<(Intent Intent, History History)> _remembered = [];
    private readonly HashSet<string> _over = [];
    private readonly List<string> _told = [];

    public Verdict Verdict { get; } = new();

    /// <summary>How often each kind of fault has been.</summary>
    public ConcurrentDictionary<FaultKind, int> Injected { get; } = [];

    public SortedDictionary<string, int> Ends { get; } = [];

    public long Requests { get; private set; }

    public long Keys { get; private set; }

    public double Seconds => _time.Now;

    /// <summary>When the first client was served.</summary>
    public double Served { get; private set; }

    /// <summary>The histories of the keys by which rules were broken.</summary>
    public IEnumerable<string> Tell() => _told;

    public async Task RunAsync()
    {
        await using var site = new CrashSite(options);
        await site.StartAsync();
        var clients = Enumerable.Range(0, options.Clients).Select(number => new Client(number, options.Seed, site.Gateways, _time)).ToList();
        using var auditor = new Auditor(site, _time, options.Seed);
        await Task.WhenAll(clients.Select(client => client.WarmUpAsync()));
        Served = _time.Now;

        var plan = new FaultPlan(options.Seed, options.Gateways, FaultInjector.Possible(options.Store));
        Vitals? baseline = null;
        for (var round = 1; round == 1 || (_time.Now < options.Duration.TotalSeconds && Verdict.Violations.Count == 0); round++)
        {
            var history = new History(_time);
            await CalmAsync(clients, history);
            baseline ??= await Vitals.OfAsync(site.Gateways[0].ProcessId);
            await StormAsync(site, clients, plan, history);
            var before = await AuditAsync(site, auditor, history);
            Judge(history, before);
            await CheckVitalsAsync(site.Gateways[0], baseline);
            Close(history, round);
            clients.ForEach(client => client.Forget());
        }

        clients.ForEach(client => client.Dispose());
    }

    public void Dispose() => _time.Dispose();

    /// <summary>Nobody fails but the clients.</summary>
    private static async Task CalmAsync(List<Client> clients, History history)
    {
        await ServeAsync(clients, history, isCalm: true, Task.Delay(Calm), _ => Task.CompletedTask);
        await Task.Delay(TimeSpan.FromSeconds(History.Settling));
    }

    /// <summary>Faults fall, until each kind has had its turn; then everything is made whole again.</summary>
    private async Task StormAsync(CrashSite site, List<Client> clients, FaultPlan plan, History history)
    {
        var injector = new FaultInjector(site, Injected);
        var length = Task.WhenAll(Task.Delay(options.Storm), Task.WhenAny(injector.IsComplete, Task.Delay(options.Storm * 4)));
        await ServeAsync(clients, history, isCalm: false, length, until => injector.RunAsync(plan, history, until));
        history.Ended = _time.Now;

        var unwell = await site.RecoverAsync(Patience);
        Verdict.Check(Rule.NothingHangs, unwell is null, () => $"after the last fault, {unwell}", at: _time.Now);
        foreach (var failure in injector.Failures)
        {
            Verdict.Check(Rule.NothingHangs, false, () => failure, at: _time.Now);
        }
    }

    private static async Task ServeAsync(List<Client> clients, History history, bool isCalm, Task length, Func<CancellationToken, Task> faults)
    {
        using var until = new CancellationTokenSource();
        var serving = Task.WhenAll([.. clients.Select(client => Task.Run(() => client.RunAsync(history, isCalm, until.Token))), faults(until.Token)]);
        await length;
        await until.CancelAsync();
        await serving;
    }

    /// <returns>Whose effect was in the ledger before anybody asked.</returns>
    private async Task<HashSet<Intent>> AuditAsync(CrashSite site, Auditor auditor, History history)
    {
        history.Add(Known(site.Backend.ReadLedger()));
        var before = history.Intents.Where(intent => history.Charges(intent).Count > 0).ToHashSet();
        await auditor.AskAsync(history.Intents);
        await auditor.AskAsync(_remembered.Select(old => old.Intent));

        // The slowest of what the backend was still asked to do.
        var late = history.Ended + (RoutesFile.Deadline.TotalSeconds * 1.5) - _time.Now;
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, late)));
        history.Add(Known(site.Backend.ReadLedger()));
        return before;
    }

    /// <summary>A charge for a key of a round that is over comes out of nowhere.</summary>
    private IReadOnlyList<Charge> Known(IReadOnlyList<Charge> charges)
    {
        foreach (var charge in charges.Where(charge => _over.Contains(charge.OrderId)))
        {
            Verdict.Check(Rule.AtMostOnce, false, () => $"rounds later, an effect comes again: {charge}", at: _time.Now);
        }

        return charges;
    }

    private void Judge(History history, HashSet<Intent> before)
    {
        foreach (var intent in history.Intents)
        {
            new KeyRules(history, intent, options.Bound, before.Contains(intent), Verdict).Judge();
            Count(intent);
        }

        foreach (var (intent, itsHistory) in _remembered)
        {
            new KeyRules(itsHistory, intent, options.Bound, before: true, Verdict).JudgeAgain();
        }
    }

    /// <summary>The first gateway is the one that is never killed: what it held at rest, it holds at rest again.</summary>
    private async Task CheckVitalsAsync(GatewayNode gateway, Vitals baseline)
    {
        var now = await Vitals.OfAsync(gateway.ProcessId);
        Verdict.Check(Rule.NothingLeaks, now.Running == 0, () => $"at rest, gateway {gateway.Number} says that requests are running: {now}", at: _time.Now);
        Verdict.Check(Rule.NothingLeaks, now.Heap <= baseline.Heap + (16 * 1024 * 1024), () => $"the heap has grown from {baseline} to {now}", at: _time.Now);

        // Connections that idle in pools, in each direction.
        Verdict.Check(Rule.NothingLeaks, now.Handles <= baseline.Handles + (8 * options.Clients), () => $"handles have grown from {baseline} to {now}", at: _time.Now);
        say($"  gateway {gateway.Number} at rest: {now} (at first: {baseline})");
    }

    private void Count(Intent intent)
    {
        Keys++;
        Requests += intent.Attempts.Count;
        var end = intent.Attempts.LastOrDefault(attempt => attempt.IsAudit)?.Outcome switch
        {
            Outcome.Answered { IsReplay: true } => "completed",
            Outcome.Refused { Code: "response-not-retained" } => "completed, not retained",
            Outcome.Refused { Status: 409, Code: "outcome-unknown" } => "unknown",
            Outcome.Refused { Status: 502 or 504 } => "free",
            Outcome.Answered => "free",
            Outcome.Refused { Code: "key-reused" } => "completed or unknown by another body",
            var other => $"{other}",
        };
        Ends[end] = Ends.GetValueOrDefault(end) + 1;
    }

    private void Close(History history, int round)
    {
        foreach (var intent in history.Intents)
        {
            _over.Add(intent.OrderId);
            if (intent.Attempts.Any(attempt => attempt.Outcome is Outcome.Answered { IsReleased: false }))
            {
                if (_remembered.Count < Remembered)
                {
                    _remembered.Add((intent, history));
                }
                else if (_random.Next(50) == 0)
                {
                    _remembered[_random.Next(Remembered)] = (intent, history);
                }
            }
        }

        say(string.Create(CultureInfo.InvariantCulture, $"  {_time.Now,7:F1} s  round {round}: {history.Intents.Count} keys, {history.Faults.Count} faults, {Verdict.Violations.Count} violations"));
        _told.AddRange(Verdict.Violations.OrderBy(violation => violation.At).SelectMany(violation => (IEnumerable<string>)
        [
            string.Create(CultureInfo.InvariantCulture, $"{(int)violation.Rule} {violation.Rule} at {violation.At:F3}: {violation.What}"),
            .. violation.Intent is { } intent ? history.Tell(intent) : [],
        ]));
        File.WriteAllLines(Path.Combine(options.Folder.FullName, "violations.txt"), _told);
    }
}
