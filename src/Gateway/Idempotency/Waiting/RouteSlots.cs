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
        if (Interlocked.Increment(ref _taken) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    public void Free() => Interlocked.Decrement(ref _taken);
}
