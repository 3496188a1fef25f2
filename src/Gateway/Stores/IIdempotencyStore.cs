namespace Gateway.Stores;

/// <summary>
/// Keeps the records. Every verb is one atomic step: seen from outside, it has happened whole or not at all, also against
/// other processes that share the store.
/// </summary>
/// <remarks>
/// <para>
/// <b>No verb takes a cancellation token.</b> A caller that stops waiting must assume that the step happened, or will: it
/// repeats the verb with the same claim (each verb answers the same to its own claim), or releases the claim.
/// </para>
/// <para>
/// <b>A lost claim returns false.</b> Renew, complete, mark and release never throw for it and never touch a record that
/// another claim holds. They throw when the store could not say: then nothing is known about the step.
/// </para>
/// <para>
/// <b>Time</b> is the store's own where it has a clock (Redis, SQL Server), else the machine's: gateways need not agree.
/// An InFlight record whose lease has run out <i>is</i> Unknown for every reader; no sweeper has to come by first.
/// A record past its retention <i>is</i> absent.
/// </para>
/// </remarks>
public interface IIdempotencyStore
{
    /// <summary>Whether every verb ends before it returns, and none can fail: there is nothing to time, and nothing to leave alone.</summary>
    bool AnswersAtOnce => false;

    /// <summary>
    /// Claims the record if it is absent (or Unknown, with <see cref="BeginRequest.TakeOverUnknown"/> and the same
    /// fingerprint), else tells what is there. Durable when it returns. Repeating it with the same claim while the record
    /// is InFlight, its lease alive or not, answers Claimed again and starts the lease anew.
    /// </summary>
    ValueTask<BeginResult> BeginAsync(BeginRequest request);

    /// <summary>
    /// The answer of a completed record, by reading alone; null for everything else. For a store that refuses writes for now
    /// (<see cref="StoreRefusesWritesException"/>): what is known already must not be refused with them. No claim comes of it.
    /// </summary>
    ValueTask<BeginResult?> FindCompletedAsync(RecordKey key);

    /// <summary>Starts the lease anew. False: the claim is lost, or its lease has already run out.</summary>
    ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease);

    /// <summary>
    /// Keeps the answer and ends the claim, from InFlight or from Unknown (a late answer is better than none). Durable when
    /// it returns true. Repeating it with the same claim returns true and leaves the first answer in place.
    /// The caller leaves <paramref name="answer"/> untouched until the call has ended.
    /// </summary>
    ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer);

    /// <summary>From InFlight to Unknown. The claim may still complete. Repeating it returns true.</summary>
    ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim);

    /// <summary>
    /// Removes an InFlight record, its lease alive or not: the caller has proof that nothing was sent, and proof does not age.
    /// Never one that was marked Unknown. Repeating it returns false.
    /// </summary>
    ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim);
}
