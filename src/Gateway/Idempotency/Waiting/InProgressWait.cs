using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Response;
using Gateway.Stores;

namespace Gateway.Idempotency.Waiting;

/// <summary><c>InProgress: Wait</c>: what wakes is a hint, and the store's begin decides.</summary>
internal sealed class InProgressWait(
    StoreAccess store, DeferredReleases releases, CompletionSpool spool, RecordWaiters waiters, StoredAnswers answers, Refusals refusals, TimeProvider time, ILogger<InProgressWait> logger)
{
    /// <summary>
    /// Waits until the first request has ended, the time is over, or the client has gone; nobody waits where <c>MaxWaiting</c> do already.
    /// </summary>
    /// <returns>What the store says then; null: the request has its answer, or nobody waits for one.</returns>
    public async ValueTask<BeginResult?> WaitAsync(Visit visit, BeginRequest request, BeginResult found)
    {
        var (context, plan) = (visit.Context, visit.Plan);
        if (!plan.Waiting.TryTake(plan.Policy.MaxWaiting))
        {
            return found;
        }

        waiters.Enter();
        try
        {
            using var timeOut = new CancellationTokenSource(plan.Policy.WaitTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeOut.Token, context.RequestAborted, waiters.Stopping);
            while (true)
            {
                var next = waiters.Next(request.Key); // before the look: what ends in between wakes

                // An answer that was given and waits to come home is the answer, whatever the store says of its record.
                if (spool.Find(request.Key) is { } waiting && await answers.TryReplayWaitingAsync(visit, request, waiting))
                {
                    return null;
                }

                found = await store.BeginAsync(request);
                if (found.Outcome != BeginOutcome.InFlight || found.Fingerprint != request.Fingerprint)
                {
                    return found;
                }

                try
                {
                    await next.WaitAsync(either.Token);
                }
                catch (OperationCanceledException)
                {
                    return found; // "in progress": what was seen last. To a client that has gone it is said into the void
                }
            }
        }
        catch (InvalidDataException e)
        {
            await refusals.RefuseUnreadableAsync(visit, request.Key, e);
            return null;
        }
        catch (StoreCallException e)
        {
            if (e.Call is { } call)
            {
                releases.Add(request.Key, request.Claim, call); // it may have claimed what the other one released
            }

            if (spool.Find(request.Key) is { } waiting ? await answers.TryReplayWaitingAsync(visit, request, waiting) : await answers.TryReplayReadOnlyAsync(visit, request))
            {
                return null;
            }

            // Whatever the policy says of stores that fail: the other request runs, or has run.
            Log.BeginFailed(logger, request.Key, plan.Operation, "the request, which waited for another one, is refused", e);
            await refusals.RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
            return null;
        }
        finally
        {
            waiters.Leave();
            plan.Waiting.Free();
        }
    }
}
