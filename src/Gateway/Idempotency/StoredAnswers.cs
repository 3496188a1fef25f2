using Gateway.Idempotency.Authorization;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Secrets;
using Gateway.Stores;

namespace Gateway.Idempotency;

/// <summary>Answers a request by what is known of the first one: from the record, or from the spool.</summary>
internal sealed class StoredAnswers(
    StoreAccess store, CompletionSpool spool, AnswerSeal seal, ReplayAuthorizer authorizer, Refusals refusals, RequestFigures figures, ILogger<StoredAnswers> logger)
{
    /// <summary>What the record says.</summary>
    public Task AnswerAsync(Visit visit, BeginRequest request, in BeginResult found) => found.Outcome switch
    {
        _ when found.Fingerprint != request.Fingerprint => refusals.RefuseAsync(visit, RequestOutcome.KeyReused, Problems.KeyReused(found.Fingerprint, request.Fingerprint), request.Key),
        BeginOutcome.InFlight => refusals.RefuseAsync(visit, RequestOutcome.InProgress, Problems.InProgress(found.LeaseRemaining), request.Key),
        BeginOutcome.Unknown => refusals.RefuseAsync(visit, RequestOutcome.UnknownHeld, Problems.OutcomeUnknown(found.CreatedAt), request.Key),
        BeginOutcome.Completed => ReplayAsync(visit, request.Key, found.Answer, status: null),
        _ => throw new InvalidOperationException($"The store answered {found.Outcome} to begin."),
    };

    /// <param name="status">For <see cref="StatusHeader"/>; null: none.</param>
    private async Task ReplayAsync(Visit visit, RecordKey record, ReadOnlyMemory<byte> stored, string? status)
    {
        AnswerRecord answer;
        try
        {
            answer = AnswerRecord.Read(seal.Open(record, stored));
        }
        catch (InvalidDataException e)
        {
            await refusals.RefuseUnreadableAsync(visit, record, e);
            return;
        }

        if (visit.Policy is { ReplayAuthorization: { } rules, IsObserved: false } && !await MayHaveAsync(visit, record, rules))
        {
            return;
        }

        if (answer.Kind == AnswerKind.Tombstone)
        {
            await refusals.RefuseAsync(visit, RequestOutcome.NotRetained, Problems.ResponseNotRetained(answer), record, status);
            return;
        }

        if (visit.Policy.IsObserved)
        {
            await refusals.ObserveAsync(visit, RequestOutcome.Replayed, StatusHeader.WouldReplay, record);
            return;
        }

        figures.Count(visit.Context, visit.Plan, RequestOutcome.Replayed);
        Refusals.MarkStatus(visit, status);
        await Replay.WriteAsync(visit.Context, answer, visit.Key, visit.Policy);
    }

    /// <summary>The caller's grant may have ended since the first answer. False: the refusal is given.</summary>
    private async ValueTask<bool> MayHaveAsync(Visit visit, RecordKey record, ReplayAuthorizationRules rules)
    {
        KeyMarks.Write(visit.Context.Response, visit.Key, visit.Policy.Key, isAccepted: true);
        switch (await authorizer.AskAsync(visit.Context, rules, visit.Plan.Operation))
        {
            case ReplayVerdict.Allowed:
                return true;
            case ReplayVerdict.Denied:
                figures.Count(visit.Context, visit.Plan, RequestOutcome.ReplayDenied);
                return false;
            case ReplayVerdict.Unavailable:
                await refusals.RefuseAsync(visit, RequestOutcome.AuthorizationUnavailable, Problems.AuthorizationUnavailable(), record);
                return false;
            case var other:
                throw new InvalidOperationException($"Verdict {other} has no answer.");
        }
    }

    /// <returns>False: it has come home in this very moment, and the store has it.</returns>
    public async ValueTask<bool> TryReplayWaitingAsync(Visit visit, BeginRequest request, WaitingAnswer waiting)
    {
        if (waiting.Fingerprint != request.Fingerprint)
        {
            await refusals.RefuseAsync(visit, RequestOutcome.KeyReused, Problems.KeyReused(waiting.Fingerprint, request.Fingerprint), request.Key);
            return true;
        }

        byte[]? answer;
        try
        {
            answer = await spool.ReadAsync(waiting);
        }
        catch (StoreCallException e)
        {
            // It has run: whatever the store and the policy say, it does not run again.
            Log.WaitingAnswerUnreadable(logger, request.Key, visit.Plan.Operation, e);
            await refusals.RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
            return true;
        }

        if (answer is null)
        {
            return false;
        }

        await ReplayAsync(visit, request.Key, answer, StatusHeader.NotStored);
        return true;
    }

    /// <summary>A store that takes no writes for now (it is full, say) has what it has: known answers are given, not refused.</summary>
    public async ValueTask<bool> TryReplayReadOnlyAsync(Visit visit, BeginRequest request)
    {
        try
        {
            if (await store.FindCompletedAsync(request.Key) is not { } found)
            {
                return false;
            }

            await AnswerAsync(visit, request, found);
        }
        catch (InvalidDataException e)
        {
            await refusals.RefuseUnreadableAsync(visit, request.Key, e);
        }

        return true;
    }
}
