namespace Gateway.Stores;

/// <summary>
/// Moments as they are stored, milliseconds since 1970-01-01 UTC. .NET's own conversion throws an ArgumentException for a damaged
/// one, which would count as a store that fails: <c>StoreFailure: Forward</c> would then run a request that has run.
/// </summary>
internal static class StoredTime
{
    private static readonly long Last = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static bool IsValid(long milliseconds) => milliseconds >= 0 && milliseconds <= Last;

    /// <exception cref="InvalidDataException">No gateway has written that.</exception>
    public static DateTimeOffset Read(long milliseconds) => IsValid(milliseconds)
        ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        : throw new InvalidDataException($"A record has a time that cannot be: {milliseconds}.");
}
