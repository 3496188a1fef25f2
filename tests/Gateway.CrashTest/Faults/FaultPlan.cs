namespace Gateway.CrashTest.Faults;

/// <summary>Which fault comes when, where and for how long: decided by the seed alone. Decks, so that each kind has its turn.</summary>
internal sealed class FaultPlan(int seed, int gateways, IReadOnlyList<FaultKind> kinds)
{
    private readonly Random _random = new(seed);
    private readonly Stack<FaultKind> _deck = [];

    public PlannedFault Next()
    {
        if (_deck.Count == 0)
        {
            FaultKind[] deck = [.. kinds, .. kinds.Where(kind => kind is FaultKind.KillGateway or FaultKind.FreezeGateway)];
            _random.Shuffle(deck);
            Array.ForEach(deck, _deck.Push);
        }

        var kind = _deck.Pop();

        // The first gateway lives as long as the run: a leak would show there.
        var first = kind is FaultKind.KillGateway or FaultKind.KillGatewayInOutage or FaultKind.RollOver ? 1 : 0;
        return new PlannedFault(kind, _random.Next(first, gateways), Pause: Milliseconds(100, 900), Length(kind), _random.Next());
    }

    private TimeSpan Length(FaultKind kind) => kind switch
    {
        FaultKind.KillGateway or FaultKind.KillStore or FaultKind.KillBackend => Milliseconds(0, 1500),
        FaultKind.FreezeGateway => Milliseconds(1500, 5000), // the lease is 1 s, or 1.5 s
        FaultKind.Reload or FaultKind.RollOver => Milliseconds(300, 1000),
        _ => Milliseconds(300, 3500),
    };

    private TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(_random.Next(least, most));
}

/// <param name="Pause">After the one before.</param>
/// <param name="Variant">For what else there is to choose.</param>
internal sealed record PlannedFault(FaultKind Kind, int Gateway, TimeSpan Pause, TimeSpan Length, int Variant);
