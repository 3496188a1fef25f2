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
    StoreAccess store,
    DeferredReleases releases,
    CompletionSpool spool,
    ProtectedRuns runs,
    ProblemWriter problems,
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
        RequestBody? body;
        try
        {
            body = await RequestBody.ReadAsync(context.Request, plan.MaxRequestBodySize, context.RequestAborted);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // The connection broke in the middle of it: nothing has begun, and nobody is there to be told. The server has not
            // noticed yet; left to itself it would read on, fail again, and log an error of the application's.
            context.Abort();
            return;
        }

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

            // 5 Begin; before that, an answer that was given and has not come home yet is the answer, whatever the store says
            if (!spool.IsKnown)
            {
                await RefuseAsync(context, plan, key, Problems.StoreUnavailable()); // it may have run, and its answer may wait
                return;
            }

            var waiting = spool.Find(request.Key);
            if (waiting is not null && await TryReplayWaitingAsync(context, plan, key, request, waiting))
            {
                return;
            }

            BeginResult begin;
            try
            {
                begin = await store.BeginAsync(request);
            }
            catch (InvalidDataException e)
            {
                await RefuseUnreadableAsync(context, plan, key, request.Key, e);
                return;
            }
            catch (StoreCallException e)
            {
                await StoreFailedAsync(context, plan, key, body, request, waiting ?? spool.Find(request.Key), e);
                return;
            }

            // 6 Forward, capture, complete and reply; or what the record says
            await (begin.Outcome == BeginOutcome.Claimed
                ? runs.RunAsync(context, next, plan, request, begin.CreatedAt, body, key.Sent!)
                : AnswerAsync(context, plan, key, request, begin));
        }
        finally
        {
            body.Release();
        }
    }

    /// <summary>What the record says.</summary>
    private Task AnswerAsync(HttpContext context, RoutePlan plan, KeyReading key, in BeginRequest request, in BeginResult found) => found.Outcome switch
    {
        _ when found.Fingerprint != request.Fingerprint => RefuseAsync(context, plan, key, Problems.KeyReused(found.Fingerprint, request.Fingerprint)),
        BeginOutcome.InFlight => RefuseAsync(context, plan, key, Problems.InProgress(found.LeaseRemaining)),
        BeginOutcome.Unknown => RefuseAsync(context, plan, key, Problems.OutcomeUnknown(found.CreatedAt)),
        BeginOutcome.Completed => ReplayAsync(context, plan, key, request.Key, found.Answer),
        _ => throw new InvalidOperationException($"The store answered {found.Outcome} to begin."),
    };

    private async Task ReplayAsync(HttpContext context, RoutePlan plan, KeyReading key, RecordKey record, ReadOnlyMemory<byte> stored)
    {
        AnswerRecord answer;
        try
        {
            answer = AnswerRecord.Read(stored);
        }
        catch (InvalidDataException e)
        {
            await RefuseUnreadableAsync(context, plan, key, record, e);
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

    /// <returns>False: it has come home in this very moment, and the store has it.</returns>
    private async ValueTask<bool> TryReplayWaitingAsync(HttpContext context, RoutePlan plan, KeyReading key, BeginRequest request, WaitingAnswer waiting)
    {
        if (waiting.Fingerprint != request.Fingerprint)
        {
            await RefuseAsync(context, plan, key, Problems.KeyReused(waiting.Fingerprint, request.Fingerprint));
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
            Log.WaitingAnswerUnreadable(logger, request.Key, plan.Operation, e);
            await RefuseAsync(context, plan, key, Problems.StoreUnavailable());
            return true;
        }

        if (answer is null)
        {
            return false;
        }

        context.Response.Headers[StatusHeader.Name] = StatusHeader.NotStored;
        await ReplayAsync(context, plan, key, request.Key, answer);
        return true;
    }

    /// <summary>A store that takes no writes for now (it is full, say) has what it has: known answers are given, not refused.</summary>
    private async ValueTask<bool> TryReplayReadOnlyAsync(HttpContext context, RoutePlan plan, KeyReading key, BeginRequest request)
    {
        try
        {
            if (await store.FindCompletedAsync(request.Key) is not { } found)
            {
                return false;
            }

            await AnswerAsync(context, plan, key, request, found);
        }
        catch (InvalidDataException e)
        {
            await RefuseUnreadableAsync(context, plan, key, request.Key, e);
        }

        return true;
    }

    private async Task StoreFailedAsync(HttpContext context, RoutePlan plan, KeyReading key, RequestBody body, BeginRequest request, WaitingAnswer? waiting, StoreCallException error)
    {
        if (error.Call is { } call)
        {
            // The begin may have been carried out all the same, or may yet be. Nothing is sent under its claim, so it can be
            // taken back; left alone, it would turn into an Unknown that never was.
            releases.Add(request.Key, request.Claim, call);
        }

        if (waiting is not null)
        {
            // Whatever has become of its answer since: it has run, and no policy lets it run again.
            if (!await TryReplayWaitingAsync(context, plan, key, request, waiting))
            {
                await RefuseAsync(context, plan, key, Problems.StoreUnavailable());
            }

            return;
        }

        if (await TryReplayReadOnlyAsync(context, plan, key, request))
        {
            return;
        }

        if (plan.Policy.StoreFailure == StoreFailureBehaviour.Forward)
        {
            BeginFailed("the request is forwarded unprotected");
            await runs.RunUnprotectedAsync(context, next, plan, body, key.Sent!);
            return;
        }

        BeginFailed("the request is refused");
        await RefuseAsync(context, plan, key, Problems.StoreUnavailable());

        void BeginFailed(string consequence)
        {
            if (!error.WasNotSent)
            {
                Log.BeginFailed(logger, request.Key, plan.Operation, consequence, error);
            }
            else
            {
                Log.BeginNotTried(logger, request.Key, plan.Operation, consequence); // why has been told once for all of them
            }
        }
    }

    /// <summary>It has run: whatever these bytes are, they are not "not found", and no policy lets it run again.</summary>
    private Task RefuseUnreadableAsync(HttpContext context, RoutePlan plan, KeyReading key, RecordKey record, InvalidDataException error)
    {
        Log.RecordUnreadable(logger, record, plan.Operation, error);
        return RefuseAsync(context, plan, key, Problems.StoreUnavailable());
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
