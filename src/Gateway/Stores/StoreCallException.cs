namespace Gateway.Stores;

/// <summary>The store did not answer: it failed, it was too slow, or it was not asked because it fails all the time.</summary>
/// <param name="call">
/// The call itself, which may end after its time limit. Null: the circuit is open, and the store has certainly seen nothing.
/// </param>
internal sealed class StoreCallException(string message, Task? call, Exception inner) : Exception(message, inner)
{
    public Task? Call => call;

    /// <summary>False: the step may have happened, or may yet.</summary>
    public bool WasNotSent => call is null;
}
