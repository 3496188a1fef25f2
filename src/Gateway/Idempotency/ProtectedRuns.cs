using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>Runs a request that holds the claim: forward, settle the record, reply; in that order, whatever the client does.</summary>
internal sealed class ProtectedRuns(
    RunningClaims claims, OutcomeWriter outcomes, ProblemWriter problems, RequestFigures figures, TimeProvider time, ILogger<ProtectedRuns> logger)
{
    /// <param name="slots">Where a place was taken for it, which is free when the run is over. Null: nowhere.</param>
    public Task RunAsync(Visit visit, BeginRequest request, DateTimeOffset firstSeen, RouteSlots? slots = null)
    {
        var plan = visit.Plan;
        var deadline = new ForwardDeadline(plan.Deadline, time);
        var claim = new RunningClaim(request, deadline, visit.Context.RequestAborted);
        claims.Track(claim);
        return ForwardAsync(visit, new ProtectedRun(plan, visit.Body!, deadline, claim, firstSeen, plan.Policy.IsObserved ? StatusHeader.Observed : null) { Slots = slots });
    }

    /// <summary><c>StoreFailure: Forward</c>, or a request that <c>Observe</c> lets past: the same way with no record behind it. The answer says so.</summary>
    public Task RunWithoutRecordAsync(Visit visit, RequestOutcome outcome, string? status)
    {
        var deadline = new ForwardDeadline(visit.Plan.Deadline, time);
        return ForwardAsync(visit, new ProtectedRun(visit.Plan, visit.Body!, deadline, claim: null, time.GetUtcNow(), status) { Outcome = outcome });
    }

    private async Task ForwardAsync(Visit visit, ProtectedRun run)
    {
        var context = visit.Context;
        IdempotencyFeature? made = null;
        try
        {
            var feature = made = new IdempotencyFeature(visit, run, outcomes);
            context.Features.Set<IIdempotencyFeature>(feature);

            // Not the client's token: the backend acts whether the client waits or not, and its answer has to be kept.
            context.RequestAborted = run.Deadline.Token;
            try
            {
                await visit.Next(context);
            }
            catch (Exception e)
            {
                Log.PipelineFailed(logger, run.Record, run.Plan.Operation, e);
                if (feature.End == ForwardEnd.Local)
                {
                    // Thrown before there was a verdict. One that stands (something behind the forwarder threw) keeps standing.
                    feature.End = feature.IsForwarderReached ? ForwardEnd.Lost : ForwardEnd.NotSent;
                    feature.FailureStatus = StatusCodes.Status502BadGateway;
                    if (!context.Response.HasStarted)
                    {
                        context.Response.Clear();
                    }
                }
            }

            context.Features.Set<IIdempotencyFeature>(null);
            await SettleAndReplyAsync(context, run, feature);
        }
        finally
        {
            made?.Answer?.Dispose();
            run.FreeSlot();
            if (run.Claim is { } claim)
            {
                claims.EndForward(claim);
            }

            run.Deadline.Dispose();
        }
    }

    private async Task SettleAndReplyAsync(HttpContext context, ProtectedRun run, IdempotencyFeature feature)
    {
        switch (feature.End)
        {
            case ForwardEnd.Answered:
                IdempotencyFeature.DropReserved(context.Response);
                await outcomes.SettleAsync(context, run, feature);
                Count(context, run);
                feature.Mark(context.Response, isAccepted: true);
                await Replay.WriteBodyAsync(context.Response, feature.Answer!.Body);
                break;

            case ForwardEnd.Streamed:
                Count(context, run);
                break; // settled before its first byte, and gone

            case ForwardEnd.NotSent:
                await outcomes.ReleaseAsync(run);
                Count(context, run);
                await RefuseAsync(context, run, feature, Problems.UpstreamUnreachable(feature.FailureStatus));
                break;

            case ForwardEnd.Lost:
                await outcomes.MarkUnknownAsync(run, run.Deadline.IsStopped ? "the gateway stops" : "no whole answer");
                Count(context, run);
                await RefuseAsync(context, run, feature, Problems.OutcomeLost(feature.FailureStatus, run.FirstSeen, run.Plan.Policy.OutcomeUnknown));
                break;

            case ForwardEnd.Local:
                await outcomes.ReleaseAsync(run);
                Count(context, run);
                if (context.Response.HasStarted)
                {
                    break;
                }

                if (context.Response.StatusCode is StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout)
                {
                    await RefuseAsync(context, run, feature, Problems.UpstreamUnreachable(context.Response.StatusCode));
                    break;
                }

                feature.Mark(context.Response, isAccepted: false); // a transform's own answer
                break;

            default:
                throw new InvalidOperationException($"The forward ended as {feature.End}.");
        }
    }

    /// <summary>Before the answer goes out: who has it may ask for the figures.</summary>
    private void Count(HttpContext context, ProtectedRun run)
    {
        figures.Count(context, run.Plan, run.Outcome);
        run.FreeSlot(); // nor does one who reads slowly keep the next from running
    }

    private Task RefuseAsync(HttpContext context, ProtectedRun run, IdempotencyFeature feature, in Problem problem)
    {
        if (context.Response.HasStarted)
        {
            context.Abort(); // a whole-looking answer would be a lie
            return Task.CompletedTask;
        }

        feature.Mark(context.Response, isAccepted: feature.End == ForwardEnd.Lost);
        return problems.WriteAsync(context, problem, run.Plan.Operation, run.Plan.Policy.ErrorFormat);
    }
}
