namespace Gateway.Stores;

/// <summary>The management side of a store: never on a request's way.</summary>
public interface IStoreInspector
{
    /// <summary>Removes at most <paramref name="limit"/> expired records; safe from many gateways at once.</summary>
    /// <returns>How many were removed. Fewer than <paramref name="limit"/>: nothing expired is left.</returns>
    ValueTask<int> SweepAsync(int limit);

    /// <summary>Records in the store, expired ones that are not swept yet included.</summary>
    ValueTask<long> CountAsync();
}
