using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>
/// A record that the store has lost while its claim was held here, as a Redis can that fails over: it is claimed again, by the
/// claim that it had, and only where nobody else has claimed it since. Left alone, its key would be free, and run again.
/// </summary>
internal static class LostRecord
{
    /// <param name="begun">What it was begun with.</param>
    /// <returns>True: it is this claim's (also where it was only its lease that had run out). False: it is another one's, or finished.</returns>
    public static async ValueTask<bool> IsClaimedAgainAsync(this StoreAccess store, BeginRequest begun)
    {
        var again = begun with { TakeOverUnknown = false };
        return (await store.CallUncountedAsync(StoreVerb.Begin, again, static (store, again) => store.BeginAsync(again))).Outcome == BeginOutcome.Claimed;
    }
}
