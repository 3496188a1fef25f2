using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>
/// The way of a request on a protected route: read key, actor and body, make the fingerprint, begin; then run it
/// (<see cref="ProtectedRun"/>) or answer from the record.
/// </summary>
internal sealed class IdempotencyMiddleware(
    RequestDelegate next,
    IIdempotencyStore store,
    StoreLimits limits,
    DeferredWrites deferred,
    ProtectedRuns runs,
    ProblemWriter problems,
    TimeProvider time,
    ILogger<IdempotencyMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        var route = context.GetEndpoint()?.Metadata.GetMetadata<ProtectedRoute>();
        if (route is null)
        {
            return next(context);
        }

        // By method alone. A POST that offers an upgrade (Java's HttpClient offers h2c on each) is a POST; the handshakes that
        // YARP upgrades are GET and CONNECT.
        var plan = route.Plan;
        return plan.Policy.Protects(context.Request.Method) ? ProtectAsync(context, plan) : next(context);
    }

    private async Task ProtectAsync(HttpContext context, RoutePlan plan)
    {
        var policy = plan.Policy;

        // 1 Key
        var key = KeyReader.Read(context.Request.Headers[policy.Key.Header], policy.Key);
        if (key.IsAbsent && !policy.Key.Required)
        {
            await next(context);
            return;
        }

        if (key.Key is null)
        {
            await RefuseAsync(context, plan, key, key.IsAbsent ? Problems.KeyMissing(policy.Key) : Problems.KeyInvalid(policy.Key, key.BrokenRule!));
            return;
        }

        // 2 Actor
        if (!ActorReader.TryRead(context, policy.Actor, out var actor))
        {
            await RefuseAsync(context, plan, key, Problems.ActorMissing(policy.Actor));
            return;
        }

        // 3 Body
        var body = await RequestBody.ReadAsync(context.Request, plan.MaxRequestBodySize, context.RequestAborted);
        if (body is null)
        {
            context.Response.Headers.Connection = "close"; // the rest of the body is not worth reading
            await RefuseAsync(context, plan, key, Problems.BodyTooLarge(plan.MaxRequestBodySize));
            return;
        }

        try
        {
            // 4 Fingerprint
            var request = new BeginRequest
            {
                Key = RecordKeys.Of(plan.Operation, actor, key.Key),
                Claim = ClaimToken.New(),
                Fingerprint = FingerprintReader.Read(context.Request, body, policy.Fingerprint),
                Lease = policy.Lease,
                Retention = policy.Retention,
                TakeOverUnknown = policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry,
                Label = new RecordLabel(plan.Operation, key.Key, actor),
            };

            // 5 Begin
            BeginResult begin;
            var running = Task.CompletedTask;
            try
            {
                begin = await BeginAsync(request, out running);
            }
            catch (Exception e)
            {
                await StoreFailedAsync(context, plan, key, body, request, running, e);
                return;
            }

            // 6 Forward, capture, complete and reply; or what the record says
            await (begin.Outcome switch
            {
                BeginOutcome.Claimed => runs.RunAsync(context, next, plan, request, begin.CreatedAt, body, key.Sent!),
                _ when begin.Fingerprint != request.Fingerprint => RefuseAsync(context, plan, key, Problems.KeyReused(begin.Fingerprint, request.Fingerprint)),
                BeginOutcome.InFlight => RefuseAsync(context, plan, key, Problems.InProgress(begin.LeaseRemaining)),
                BeginOutcome.Unknown => RefuseAsync(context, plan, key, Problems.OutcomeUnknown(begin.CreatedAt)),
                BeginOutcome.Completed => ReplayAsync(context, plan, key, request.Key, begin.Answer),
                _ => throw new InvalidOperationException($"The store answered {begin.Outcome} to begin."),
            });
        }
        finally
        {
            body.Release();
        }
    }

    /// <param name="running">The call itself, which may end after its time limit.</param>
    private ValueTask<BeginResult> BeginAsync(in BeginRequest request, out Task running)
    {
        running = Task.CompletedTask;
        var begin = store.BeginAsync(request);
        if (begin.IsCompleted)
        {
            return begin;
        }

        var task = begin.AsTask();
        running = task;
        return new(task.WaitAsync(limits.Operation, time));
    }

    private async Task ReplayAsync(HttpContext context, RoutePlan plan, KeyReading key, RecordKey record, ReadOnlyMemory<byte> stored)
    {
        AnswerRecord answer;
        try
        {
            answer = AnswerRecord.Read(stored);
        }
        catch (InvalidDataException e)
        {
            // It has run: whatever these bytes are, they are not "not found".
            Log.RecordUnreadable(logger, record, plan.Operation, e);
            await RefuseAsync(context, plan, key, Problems.StoreUnavailable());
            return;
        }

        if (answer.Kind == AnswerKind.Tombstone)
        {
            await RefuseAsync(context, plan, key, Problems.ResponseNotRetained(answer));
            return;
        }

        context.Response.Headers[plan.Policy.Key.Header] = key.Sent;
        await Replay.WriteAsync(context, answer);
    }

    private async Task StoreFailedAsync(HttpContext context, RoutePlan plan, KeyReading key, RequestBody body, BeginRequest request, Task begin, Exception error)
    {
        // The begin may have been carried out all the same, or may yet be. Nothing is sent under its claim, so it can be taken
        // back; left alone, it would turn into an Unknown that never was.
        deferred.Release(request.Key, request.Claim, begin);
        if (plan.Policy.StoreFailure == StoreFailureBehaviour.Forward)
        {
            Log.BeginFailed(logger, request.Key, plan.Operation, "the request is forwarded unprotected", error);
            await runs.RunUnprotectedAsync(context, next, plan, body, key.Sent!);
            return;
        }

        Log.BeginFailed(logger, request.Key, plan.Operation, "the request is refused", error);
        await RefuseAsync(context, plan, key, Problems.StoreUnavailable());
    }

    private Task RefuseAsync(HttpContext context, RoutePlan plan, KeyReading key, in Problem problem)
    {
        if (key.Sent is not null)
        {
            context.Response.Headers[plan.Policy.Key.Header] = key.Sent;
        }

        return problems.WriteAsync(context, problem, plan.Operation);
    }
}
