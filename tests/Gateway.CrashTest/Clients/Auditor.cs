using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest.Clients;

/// <summary>Asks for each key what has become of it, once everything is whole again.</summary>
internal sealed class Auditor(CrashSite site, Timeline time, int seed) : IDisposable
{
    private const int AtOnce = 16;

    /// <summary>A lease of a dead gateway runs out within it, and so does a circuit's pause.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Sender _sender = new(time);
    private readonly Random _random = new(seed);

    public async Task AskAsync(IEnumerable<Intent> intents)
    {
        var asked = intents.Select(intent => (Intent: intent, Gateway: site.Gateways[_random.Next(site.Gateways.Count)])).ToList();
        await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (ask, _) => await AskAsync(ask.Intent, ask.Gateway));
    }

    public void Dispose() => _sender.Dispose();

    private async Task AskAsync(Intent intent, GatewayNode gateway)
    {
        var started = time.Now;
        while (true)
        {
            var outcome = await _sender.SendAsync(intent, gateway, Knobs.None, BodySpelling.Plain, isAudit: true);
            if (outcome is not (Outcome.Refused { Code: "in-progress" or "store-unavailable" } or Outcome.NoAnswer) || time.Now - started > Patience.TotalSeconds)
            {
                return;
            }

            intent.SetAside(); // not its end yet
            await Task.Delay(200);
        }
    }
}
