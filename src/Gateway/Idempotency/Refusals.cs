using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Response;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>What the gateway answers by itself; under <c>Mode: Observe</c> it says so on the answer of the backend instead.</summary>
internal sealed class Refusals(ProtectedRuns runs, ProblemWriter problems, RequestFigures figures, ILogger<Refusals> logger)
{
    /// <summary>It has run: whatever these bytes are, they are not "not found", and no policy lets it run again.</summary>
    public Task RefuseUnreadableAsync(Visit visit, RecordKey record, InvalidDataException error)
    {
        Log.RecordUnreadable(logger, record, visit.Plan.Operation, error);
        return RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), record);
    }

    /// <param name="record">Default: there is none yet.</param>
    public Task RefuseAsync(Visit visit, RequestOutcome outcome, in Problem problem, RecordKey record = default, string? status = null)
    {
        if (visit.Policy.IsObserved)
        {
            return ObserveAsync(visit, outcome, StatusHeader.WouldRefusePrefix + problem.Code, record);
        }

        figures.Count(visit.Context, visit.Plan, outcome);
        MarkStatus(visit, status);
        KeyMarks.Write(visit.Context.Response, visit.Key, visit.Policy.Key, isAccepted: outcome is RequestOutcome.InProgress or RequestOutcome.UnknownHeld or RequestOutcome.NotRetained);
        return problems.WriteAsync(visit.Context, problem.Under(visit.Policy), visit.Plan.Operation, visit.Policy.ErrorFormat);
    }

    /// <summary>Instead of an answer of the gateway's: the request goes on, and what it would have heard is counted, logged and marked.</summary>
    public Task ObserveAsync(Visit visit, RequestOutcome outcome, string status, RecordKey record)
    {
        var (context, plan) = (visit.Context, visit.Plan);
        Log.Observed(logger, record, plan.Operation, status);
        if (visit.Body is not null)
        {
            return runs.RunWithoutRecordAsync(visit, outcome, status);
        }

        // Nothing is known of it that a run needs: it goes the way of a request without a policy.
        figures.Count(context, plan, outcome);
        context.Response.OnStarting(static state =>
        {
            var (response, status) = ((HttpResponse, string))state;
            IdempotencyFeature.DropReserved(response);
            response.Headers[StatusHeader.Name] = status;
            return Task.CompletedTask;
        }, (context.Response, status));
        return visit.Next(context);
    }

    public static void MarkStatus(Visit visit, string? status)
    {
        if (status is not null)
        {
            visit.Context.Response.Headers[StatusHeader.Name] = status;
        }
    }
}
