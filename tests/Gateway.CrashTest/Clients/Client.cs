using System.Globalization;
using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest.Clients;

/// <summary>
/// Behaves like those out there: waits long or hardly, asks again with the same key after a pause, hangs up, clicks twice, and
/// now and then sends another body under a key that is in use.
/// </summary>
internal sealed class Client : IDisposable
{
    private const int MostTries = 9;

    private static int _lastIntent;

    private readonly int _number;
    private readonly Random _random;
    private readonly IReadOnlyList<GatewayNode> _gateways;
    private readonly Timeline _time;
    private readonly Sender _sender;
    private readonly List<Intent> _mine = [];
    private int _shared;

    public Client(int number, int seed, IReadOnlyList<GatewayNode> gateways, Timeline time)
    {
        (_number, _gateways, _time) = (number, gateways, time);
        _random = new Random(unchecked((seed * 1_000_003) + number));
        _sender = new Sender(time);
    }

    /// <param name="isCalm">Nothing is asked of the backend that could make an outcome unknown.</param>
    public async Task RunAsync(History history, bool isCalm, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            var intent = Want(history);
            await PursueAsync(intent, isCalm, until);
            _mine.Add(intent);
            if (_random.Next(4) == 0)
            {
                // Much later, somebody asks again.
                await SendAsync(_mine[_random.Next(_mine.Count)], Knobs.None, Sometimes(100, 2000), _random);
            }

            await Task.Delay(_random.Next(30), CancellationToken.None);
        }
    }

    /// <summary>Asks each gateway once, however long it takes, so that what comes later does not wait for code to be compiled.</summary>
    public async Task WarmUpAsync()
    {
        var unheard = new History(_time);
        foreach (var gateway in _gateways)
        {
            await _sender.SendAsync(Want(unheard), gateway, Knobs.None, BodySpelling.Plain);
        }
    }

    /// <summary>Older intents belong to rounds that have been judged.</summary>
    public void Forget() => _mine.Clear();

    public void Dispose() => _sender.Dispose();

    private Intent Want(History history)
    {
        var number = Interlocked.Increment(ref _lastIntent);
        var intent = new Intent
        {
            Number = number,

            // Now and then a key that other clients use as well: the actor is part of whose it is.
            Key = _random.Next(10) == 0 ? string.Create(CultureInfo.InvariantCulture, $"everybody-{_shared++}") : string.Create(CultureInfo.InvariantCulture, $"key-{number}"),
            Actor = string.Create(CultureInfo.InvariantCulture, $"client-{_number}"),
            IsHeld = _random.Next(3) > 0,
            IsRefund = _random.Next(4) == 0,
            Amount = _random.Next(1, 100_000) / 100m,
            Size = _random.Next(12) switch { 0 => RoutesFile.LargestAnswer * 2, 1 => RoutesFile.LargestAnswer - 200, _ => null },
        };
        history.Intents.Enqueue(intent);
        return intent;
    }

    private async Task PursueAsync(Intent intent, bool isCalm, CancellationToken until)
    {
        var first = isCalm ? Knobs.None : Ask(_random);
        switch (_random.Next(10))
        {
            case 0 or 1: // hangs up early, and mostly asks again
                await SendAsync(intent, first, TimeSpan.FromMilliseconds(_random.Next(1, 40)), _random);
                break;

            case 2: // leaves in the middle of its own request
                await _sender.LeaveMidwayAsync(intent, Any(_random));
                break;

            case 3 or 4: // clicks twice or more
                await Task.WhenAll(Enumerable.Range(0, _random.Next(2, 7)).Select(_ => AskAsync(intent, first, isCalm, new Random(_random.Next()), until)).ToList());
                break;

            case 5: // another body under the same key: before, meanwhile or afterwards
                var other = _sender.SendAsync(intent, Any(_random), Knobs.None, BodySpelling.Other, TimeSpan.FromMilliseconds(_random.Next(200, 3000)));
                if (_random.Next(2) == 0)
                {
                    await other;
                }

                await SendAsync(intent, first, Patience(_random), _random);
                await other;
                break;

            default:
                await SendAsync(intent, first, Patience(_random), _random);
                break;
        }

        if (_random.Next(8) == 0)
        {
            return; // asks no more, whatever it heard
        }

        await AskAsync(intent, isCalm || _random.Next(4) > 0 ? Knobs.None : Ask(_random), isCalm, _random, until);
    }

    /// <summary>Asks, and asks again after growing pauses, at whichever gateway, until there is an answer that stands.</summary>
    /// <param name="random">Of its own for each of several at once.</param>
    private async Task AskAsync(Intent intent, Knobs knobs, bool isCalm, Random random, CancellationToken until)
    {
        var pause = random.Next(10, 60);
        for (var tries = 1; tries < MostTries && !IsSettled(await SendAsync(intent, knobs, Patience(random), random)) && !until.IsCancellationRequested; tries++)
        {
            await Task.Delay(pause, CancellationToken.None);
            pause = Math.Min(pause * 2, 800);
            knobs = isCalm || random.Next(4) > 0 ? Knobs.None : Ask(random);
        }
    }

    private static bool IsSettled(Outcome outcome) => outcome switch
    {
        Outcome.Answered answer => !answer.IsReleased,
        Outcome.Refused refused => refused.Code is not ("in-progress" or "store-unavailable" or "upstream-unreachable"),
        _ => false,
    };

    private Task<Outcome> SendAsync(Intent intent, Knobs knobs, TimeSpan? patience, Random random) =>
        _sender.SendAsync(intent, Any(random), knobs, random.Next(5) == 0 ? BodySpelling.Reordered : BodySpelling.Plain, patience);

    private GatewayNode Any(Random random) => _gateways[random.Next(_gateways.Count)];

    private static TimeSpan? Patience(Random random) => random.Next(10) switch
    {
        0 or 1 => TimeSpan.FromMilliseconds(random.Next(50, 500)),
        2 or 3 or 4 => TimeSpan.FromMilliseconds(random.Next(1500, 4000)),
        _ => null,
    };

    private TimeSpan? Sometimes(int least, int most) => _random.Next(2) == 0 ? TimeSpan.FromMilliseconds(_random.Next(least, most)) : null;

    private static Knobs Ask(Random random) => random.Next(100) switch
    {
        < 12 => new Knobs(DelayBefore: random.Next(20, 1500)),
        < 24 => new Knobs(Delay: random.Next(20, 1500)),
        < 25 => new Knobs(DelayBefore: BeyondDeadline(random)),
        < 26 => new Knobs(Delay: BeyondDeadline(random)),
        < 30 => new Knobs(Fault: "reset", Delay: random.Next(100)),
        < 34 => new Knobs(Fault: "truncate"),
        < 36 => new Knobs(Fault: "error"),
        < 38 => new Knobs(Fault: "refuse"),
        < 42 => new Knobs(Fault: "refuse", Status: 503),
        _ => Knobs.None,
    };

    private static int BeyondDeadline(Random random) => (int)(RoutesFile.Deadline.TotalMilliseconds * (1.1 + (0.2 * random.NextDouble())));
}
