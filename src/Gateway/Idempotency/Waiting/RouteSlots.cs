namespace Gateway.Idempotency.Waiting;

/// <summary>How many requests of one route do something at once: those that wait must not starve others, nor those that run.</summary>
internal sealed class RouteSlots
{
    private int _taken;

    /// <summary>Now.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <returns>False: <paramref name="most"/> are taken. Else <see cref="Free"/> has to follow.</returns>
    public bool TryTake(int most)
    {
        // Never more than there are, not for a moment: one who is refused must not take another's place meanwhile.
        for (var taken = Taken; taken < most; taken = Taken)
        {
            if (Interlocked.CompareExchange(ref _taken, taken + 1, taken) == taken)
            {
                return true;
            }
        }

        return false;
    }

    public void Free() => Interlocked.Decrement(ref _taken);
}
