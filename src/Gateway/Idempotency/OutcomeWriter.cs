using System.Security.Cryptography;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Secrets;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>Writes into the record what became of a run, before the client hears of it.</summary>
internal sealed class OutcomeWriter(
    StoreAccess store, StoreLimits limits, RunningClaims claims, DeferredReleases releases, CompletionSpool spool, AnswerSeal seal, RecordWaiters waiters, QuotaAccess quotas, TimeProvider time, ILogger<OutcomeWriter> logger)
{
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>The whole answer is on the response and in the feature.</summary>
    public async ValueTask SettleAsync(HttpContext context, ProtectedRun run, IdempotencyFeature feature)
    {
        if (run.Claim is not { } claim || await SettledByStatusAsync(context.Response.StatusCode, run))
        {
            return;
        }

        await KeepAsync(context, run, feature, claim);
        Wake(run, claim);
    }

    private async ValueTask KeepAsync(HttpContext context, ProtectedRun run, IdempotencyFeature feature, RunningClaim claim)
    {
        var policy = run.Plan.Policy;
        var body = feature.Answer!;
        if (policy.RetainBody || body.Length == 0)
        {
            var record = AnswerPacker.Pack(context, policy, AnswerKind.Whole, body, feature.Trailers, feature.OuterHeaders, time.GetUtcNow());
            if (policy.EncryptAnswers)
            {
                try
                {
                    record = seal.Close(claim.Key, record.Span);
                }
                catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    // It has run, and its answer must not be kept in clear: that it has run is kept.
                    Log.AnswerNotEncrypted(logger, claim.Key, run.Plan.Operation, e);
                    await WriteTombstoneAsync(context, run, claim);
                    return;
                }
            }

            if (!await CompleteAsync(context.Response, run, claim, record))
            {
                body.Abandon();
            }
        }
        else
        {
            await WriteTombstoneAsync(context, run, claim);
        }
    }

    /// <summary>The answer will not be kept: the record says so before its first byte goes out.</summary>
    public async ValueTask SettleStreamAsync(HttpContext context, ProtectedRun run)
    {
        if (run.Claim is { } claim && !await SettledByStatusAsync(context.Response.StatusCode, run))
        {
            await WriteTombstoneAsync(context, run, claim);
            Wake(run, claim);
        }
    }

    public async ValueTask ReleaseAsync(ProtectedRun run)
    {
        if (run.Claim is not { } claim)
        {
            return;
        }

        run.Outcome = RequestOutcome.Released;
        claims.Untrack(claim);
        try
        {
            await store.CallAsync(StoreVerb.Release, claim, static (store, claim) => store.ReleaseAsync(claim.Key, claim.Token));
        }
        catch (Exception e)
        {
            Log.SettleFailed(logger, claim.Key, run.Plan.Operation, e);
            releases.Add(claim.Key, claim.Token, begin: Task.CompletedTask);
        }

        if (run.Plan.Policy.HasQuota)
        {
            quotas.Forget(claim.Begun.Label, claim.Key);
        }

        Wake(run, claim);
    }

    public async ValueTask MarkUnknownAsync(ProtectedRun run, string reason)
    {
        if (run.Claim is not { } claim)
        {
            return;
        }

        run.Outcome = RequestOutcome.Unknown;
        claims.Untrack(claim);
        Log.OutcomeUnknown(logger, claim.Key, run.Plan.Operation, reason);
        try
        {
            if (!await MarkAsync() && await store.IsClaimedAgainAsync(claim.Begun))
            {
                await MarkAsync(); // the store had lost it: free, it would run again
            }
        }
        catch (Exception e)
        {
            // Its lease is no longer renewed: the record becomes Unknown by itself.
            Log.SettleFailed(logger, claim.Key, run.Plan.Operation, e);
        }

        Wake(run, claim);

        ValueTask<bool> MarkAsync() => store.CallAsync(StoreVerb.MarkUnknown, claim, static (store, claim) => store.MarkUnknownAsync(claim.Key, claim.Token));
    }

    private async ValueTask<bool> SettledByStatusAsync(int status, ProtectedRun run)
    {
        if (run.Plan.Policy.ReleaseStatusCodes.Contains(status))
        {
            await ReleaseAsync(run);
            return true;
        }

        if (run.Plan.Policy.UnknownStatusCodes.Contains(status))
        {
            await MarkUnknownAsync(run, $"the backend answered {status}");
            return true;
        }

        return false;
    }

    private async ValueTask WriteTombstoneAsync(HttpContext context, ProtectedRun run, RunningClaim claim)
    {
        using var empty = new AnswerBuffer(0);
        var record = AnswerPacker.Pack(context, run.Plan.Policy, AnswerKind.Tombstone, empty, trailers: null, outer: null, time.GetUtcNow());
        if (!await CompleteAsync(context.Response, run, claim, record))
        {
            empty.Abandon();
        }
    }

    /// <returns>False: at least one call was given up, so the store may still be reading <paramref name="record"/>.</returns>
    private async ValueTask<bool> CompleteAsync(HttpResponse response, ProtectedRun run, RunningClaim claim, ReadOnlyMemory<byte> record)
    {
        var started = time.GetTimestamp();
        var givenUp = false;
        var limit = limits.Operation < limits.Completion ? limits.Operation : limits.Completion;
        for (var isFirst = true; ; (isFirst, limit) = (false, OneTry(started)))
        {
            try
            {
                // Lost meanwhile, the record is made anew with its answer: free, its key would run again.
                var stored = await TryCompleteAsync(claim, record, limit, isFirst)
                    || (await store.IsClaimedAgainAsync(claim.Begun) && await TryCompleteAsync(claim, record, OneTry(started), isCounted: false));
                claims.Untrack(claim);
                if (stored && run.Plan.Policy.HasQuota)
                {
                    quotas.Note(claim.Begun.Label, claim.Key, record.Length, claim.Begun.Retention);
                }

                if (!stored)
                {
                    Log.ClaimLost(logger, claim.Key, run.Plan.Operation);
                    TellNotStored(response, run);
                }

                return !givenUp;
            }
            catch (Exception e)
            {
                // Repeating is safe: a completion that was carried out answers true to its own claim. With the circuit open it
                // costs nothing, and a short outage ends in time to keep the answer.
                givenUp = givenUp || e is not StoreCallException { WasNotSent: true };
                if (time.GetElapsedTime(started) + PauseBetweenTries >= limits.Completion)
                {
                    Log.CompleteDeferred(logger, claim.Key, run.Plan.Operation, e);
                    await spool.AddAsync(claim, record);
                    TellNotStored(response, run);
                    return !givenUp;
                }
            }

            await Task.Delay(PauseBetweenTries, time, CancellationToken.None);
        }
    }

    /// <summary>Those who wait ask the store what has become of it, or find the answer in the spool.</summary>
    private void Wake(ProtectedRun run, RunningClaim claim) => waiters.Settled(claim.Key, run.Plan.Policy);

    private static void TellNotStored(HttpResponse response, ProtectedRun run)
    {
        run.Outcome = RequestOutcome.NotStored;
        response.Headers[StatusHeader.Name] = StatusHeader.NotStored;
    }

    /// <param name="isCounted">One answer's later tries must not make the store look down to everybody.</param>
    private ValueTask<bool> TryCompleteAsync(RunningClaim claim, ReadOnlyMemory<byte> record, TimeSpan limit, bool isCounted) => isCounted
        ? store.CallAsync(StoreVerb.Complete, (claim, record), static (store, s) => store.CompleteAsync(s.claim.Key, s.claim.Token, s.record), limit)
        : store.CallUncountedAsync(StoreVerb.Complete, (claim, record), static (store, s) => store.CompleteAsync(s.claim.Key, s.claim.Token, s.record), limit);

    /// <summary>One call's time, within what is left of all tries' time.</summary>
    private TimeSpan OneTry(long started)
    {
        var left = limits.Completion - time.GetElapsedTime(started);
        return left >= limits.Operation ? limits.Operation : left > Shortest ? left : Shortest;
    }
}
