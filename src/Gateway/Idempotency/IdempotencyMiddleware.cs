using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Secrets;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>
/// The way of a request on a protected route: read key, actor and body, make the fingerprint, begin; then run it
/// (<see cref="ProtectedRun"/>) or answer from the record. Under <c>Mode: Observe</c> all of that, except that every request is
/// forwarded, and marked with what would have become of it.
/// </summary>
internal sealed class IdempotencyMiddleware(
    RequestDelegate next,
    StoreAccess store,
    DeferredReleases releases,
    CompletionSpool spool,
    ProtectedRuns runs,
    StoredAnswers answers,
    InProgressWait inProgress,
    Refusals refusals,
    RequestFigures figures,
    SuspectedDuplicates duplicates,
    RecordWaiters waiters,
    BodyFiles files,
    QuotaAccess quotas,
    TimeProvider time,
    ILogger<IdempotencyMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint()?.Metadata;
        var route = endpoint?.GetMetadata<ProtectedRoute>();
        var traffic = endpoint?.GetMetadata<RouteTraffic>();
        if (route is null)
        {
            traffic?.CountOther(context.Request);
            return next(context);
        }

        // By method alone. A POST that offers an upgrade (Java's HttpClient offers h2c on each) is a POST; the handshakes that
        // YARP upgrades are GET and CONNECT.
        var plan = route.Plan;
        if (!plan.Policy.Protects(context.Request.Method))
        {
            traffic?.CountOther(context.Request);
            return next(context);
        }

        return ProtectAsync(context, plan, traffic);
    }

    private Task ProtectAsync(HttpContext context, RoutePlan plan, RouteTraffic? traffic)
    {
        // 1 Key; where it may stand in the body, that comes first
        var key = KeyReader.Read(context.Request.Headers, plan.Policy.Key);
        var visit = new Visit(context, next, plan, key);
        return key.IsAbsent && plan.Policy.Key.Member is not null ? ProtectByMemberAsync(visit, traffic) : ProtectAsync(visit, traffic);
    }

    private async Task ProtectByMemberAsync(Visit visit, RouteTraffic? traffic)
    {
        if (await ReadBodyAsync(visit, traffic) is not { } body)
        {
            return;
        }

        try
        {
            visit.UseKey(KeyIn(body, visit.Context.Request, visit.Policy.Key));
            visit.Body = body;
            await ProtectAsync(visit, traffic);
        }
        catch (BodyFileException e) when (visit.Body is null)
        {
            await RefuseUnbufferedAsync(visit, e);
        }
        finally
        {
            body.Release();
        }
    }

    private async Task ProtectAsync(Visit visit, RouteTraffic? traffic)
    {
        var context = visit.Context;
        var policy = visit.Policy;
        if (visit.Key.IsAbsent && !policy.Key.Required)
        {
            traffic?.CountOther(context.Request);
            if (visit.Body is not null)
            {
                await runs.RunWithoutRecordAsync(visit, RequestOutcome.Keyless, status: null);
                return;
            }

            figures.Count(context, visit.Plan, RequestOutcome.Keyless);
            await next(context);
            return;
        }

        if (visit.Body is null)
        {
            traffic?.CountProtected(policy.IsObserved);
        }

        if (visit.Key.Key is null)
        {
            await (visit.Key.IsAbsent
                ? refusals.RefuseAsync(visit, RequestOutcome.KeyMissing, Problems.KeyMissing(policy.Key))
                : refusals.RefuseAsync(visit, RequestOutcome.KeyInvalid, Problems.KeyInvalid(policy.Key, visit.Key.BrokenRule!)));
            return;
        }

        if (Repeatability.IsUsedBy(visit.Key) && RefusalOfFirstSent(context.Request, policy) is { } refusal)
        {
            await refusals.RefuseAsync(visit, RequestOutcome.KeyInvalid, refusal);
            return;
        }

        // 2 Actor
        if (!ActorReader.TryRead(context, policy.Actor, out var actor))
        {
            await refusals.RefuseAsync(visit, RequestOutcome.ActorMissing, Problems.ActorMissing(policy.Actor));
            return;
        }

        // 3 Body
        if (visit.Body is not null)
        {
            await RunOrAnswerAsync(visit, actor);
            return;
        }

        if (await ReadBodyAsync(visit, traffic: null) is not { } body)
        {
            return;
        }

        try
        {
            visit.Body = body;
            await RunOrAnswerAsync(visit, actor);
        }
        finally
        {
            body.Release();
        }
    }

    /// <returns>Null: there is none to go on with, and the request has its answer.</returns>
    private async ValueTask<RequestBody?> ReadBodyAsync(Visit visit, RouteTraffic? traffic)
    {
        var (context, plan) = (visit.Context, visit.Plan);
        RequestBody? body;
        try
        {
            body = await RequestBody.ReadAsync(context.Request, plan.MaxRequestBodySize, files, putBack: plan.Policy.IsObserved, context.RequestAborted);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // The connection broke in the middle of it: nothing has begun, and nobody is there to be told. The server has not
            // noticed yet; left to itself it would read on, fail again, and log an error of the application's.
            context.Abort();
            return null;
        }
        catch (BodyFileException e)
        {
            traffic?.CountProtected(plan.Policy.IsObserved);
            if (!plan.Policy.IsObserved)
            {
                context.Response.Headers.Connection = "close";
            }

            await RefuseUnbufferedAsync(visit, e);
            return null;
        }

        traffic?.CountProtected(plan.Policy.IsObserved);
        if (body is null)
        {
            if (!plan.Policy.IsObserved)
            {
                context.Response.Headers.Connection = "close"; // the rest of the body is not worth reading
            }

            await refusals.RefuseAsync(visit, RequestOutcome.BodyTooLarge, Problems.BodyTooLarge(plan.MaxRequestBodySize));
        }

        return body;
    }

    /// <summary>Its file cannot be written or read: nothing has begun.</summary>
    private Task RefuseUnbufferedAsync(Visit visit, BodyFileException error)
    {
        Log.BodyNotBuffered(logger, visit.Plan.Operation, error);
        return refusals.RefuseAsync(visit, RequestOutcome.BufferUnavailable, Problems.BufferUnavailable());
    }

    private static KeyReading KeyIn(RequestBody body, HttpRequest request, KeyRules rules)
    {
        using var view = body.View();
        return BodyKeyReader.Read(request.ContentType, view.Bytes, rules);
    }

    private static bool IsAsAnnounced(RequestBody body, HttpRequest request)
    {
        using var view = body.View();
        return ContentDigest.Holds(request, view.Bytes);
    }

    private Task RunOrAnswerAsync(Visit visit, UInt128 actor)
    {
        BeginRequest request;
        try
        {
            if (ContentDigest.IsOn(visit.Context.Request.Headers) && !IsAsAnnounced(visit.Body!, visit.Context.Request))
            {
                return refusals.RefuseAsync(visit, RequestOutcome.DigestMismatch, Problems.DigestMismatch());
            }

            request = RequestOf(visit, actor);
        }
        catch (BodyFileException e)
        {
            return RefuseUnbufferedAsync(visit, e);
        }

        // 5 Begin; before that, an answer that was given and has not come home yet is the answer, whatever the store says
        if (!spool.IsKnown)
        {
            return refusals.RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable()); // it may have run, and its answer may wait
        }

        var waiting = spool.Find(request.Key);
        return waiting is null && !visit.Policy.HasQuota ? BeginAsync(visit, request, waiting: null) : LookAndBeginAsync(visit, request, waiting);
    }

    private static BeginRequest RequestOf(Visit visit, UInt128 actor)
    {
        var (request, plan, policy) = (visit.Context.Request, visit.Plan, visit.Policy);
        var key = visit.Key.Key!;
        return new BeginRequest
        {
            Key = RecordKeys.Of(plan.Operation, actor, key, policy.Key.Scope == KeyScope.Path ? (request.PathBase + request.Path).Value : null),
            Claim = ClaimToken.New(),
            Fingerprint = FingerprintReader.Read(request, visit.Body!, policy.Fingerprint), // 4
            Lease = policy.Lease,
            Retention = policy.Retention,

            // Nothing is taken over that cannot run now: to give it back would be to forget that it may have run.
            TakeOverUnknown = policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry && !IsFull(plan),
            Label = new RecordLabel(plan.Operation, policy.RetainKey ? key : KeyDigest.Of(key), actor),
        };
    }

    private async Task LookAndBeginAsync(Visit visit, BeginRequest request, WaitingAnswer? waiting)
    {
        if (waiting is not null && await answers.TryReplayWaitingAsync(visit, request, waiting))
        {
            return;
        }

        if (visit.Policy.HasQuota && await quotas.RefusalAsync(request.Label, request.Key, visit.Policy.MaxLiveKeysPerActor, visit.Policy.MaxLiveBytesPerActor) is { } untilRoom)
        {
            await refusals.RefuseAsync(visit, RequestOutcome.QuotaExceeded, Problems.QuotaExceeded(visit.Policy, untilRoom), request.Key);
            return;
        }

        await BeginAsync(visit, request, waiting);
    }

    /// <summary>Without a state machine where the store has answered at once.</summary>
    private Task BeginAsync(Visit visit, BeginRequest request, WaitingAnswer? waiting)
    {
        var begin = store.BeginAsync(request);
        return begin.IsCompletedSuccessfully ? GoOnAsync(visit, request, begin.Result) : AwaitBeginAsync(visit, request, waiting, begin.AsTask());
    }

    private async Task AwaitBeginAsync(Visit visit, BeginRequest request, WaitingAnswer? waiting, Task<BeginResult> begin)
    {
        BeginResult found;
        try
        {
            found = await begin;
        }
        catch (InvalidDataException e)
        {
            await refusals.RefuseUnreadableAsync(visit, request.Key, e);
            return;
        }
        catch (StoreCallException e)
        {
            await StoreFailedAsync(visit, request, waiting ?? spool.Find(request.Key), e);
            return;
        }

        await GoOnAsync(visit, request, found);
    }

    private Task GoOnAsync(Visit visit, BeginRequest request, in BeginResult found) =>
        found.Outcome == BeginOutcome.InFlight && found.Fingerprint == request.Fingerprint && visit.Policy is { InProgress: InProgressBehaviour.Wait, IsObserved: false }
            ? WaitAsync(visit, request, found)
            : ActAsync(visit, request, found);

    private async Task WaitAsync(Visit visit, BeginRequest request, BeginResult found)
    {
        if (await inProgress.WaitAsync(visit, request, found) is { } ended)
        {
            await ActAsync(visit, request, ended);
        }
    }

    private Task ActAsync(Visit visit, BeginRequest request, in BeginResult found)
    {
        var (plan, policy) = (visit.Plan, visit.Policy);
        if (found.Outcome == BeginOutcome.Unknown && found.Fingerprint == request.Fingerprint && policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry && !request.TakeOverUnknown)
        {
            return refusals.RefuseAsync(visit, RequestOutcome.TooManyInFlight, Problems.TooManyInFlight(policy.MaxInFlight), request.Key); // it may run again, and not now
        }

        if (found.Outcome != BeginOutcome.Claimed)
        {
            return answers.AnswerAsync(visit, request, found); // what the record says
        }

        if (policy.HasQuota)
        {
            quotas.Note(request.Label, request.Key, size: 0, policy.Lease + policy.Retention);
        }

        if (policy.MaxInFlight > 0 && !policy.IsObserved)
        {
            return RunAmongFewAsync(visit, request, found.CreatedAt);
        }

        // 6 Forward, capture, complete and reply
        duplicates.Look(request, policy.DuplicateWindow);
        return runs.RunAsync(visit, request, found.CreatedAt);
    }

    /// <summary><c>MaxInFlight</c>: behind the begin, as an answer that is known is given however much runs.</summary>
    private async Task RunAmongFewAsync(Visit visit, BeginRequest request, DateTimeOffset firstSeen)
    {
        var plan = visit.Plan;
        if (plan.Running.TryTake(plan.Policy.MaxInFlight))
        {
            duplicates.Look(request, plan.Policy.DuplicateWindow);
            await runs.RunAsync(visit, request, firstSeen, plan.Running);
            return;
        }

        // Nothing was sent: the key is free again, now or as soon as the store takes it. But where the last place has gone since the
        // begin, that may have taken over what may have run, and to release it would be to forget that.
        try
        {
            await (request.TakeOverUnknown
                ? store.CallAsync(StoreVerb.MarkUnknown, request, static (store, request) => store.MarkUnknownAsync(request.Key, request.Claim))
                : store.CallAsync(StoreVerb.Release, request, static (store, request) => store.ReleaseAsync(request.Key, request.Claim)));
        }
        catch (StoreCallException e)
        {
            Log.SettleFailed(logger, request.Key, plan.Operation, e);
            if (!request.TakeOverUnknown)
            {
                releases.Add(request.Key, request.Claim, begin: Task.CompletedTask); // else it is Unknown when its lease has run out
            }
        }

        if (plan.Policy.HasQuota && !request.TakeOverUnknown)
        {
            quotas.Forget(request.Label, request.Key);
        }

        waiters.Settled(request.Key, plan.Policy);
        await refusals.RefuseAsync(visit, RequestOutcome.TooManyInFlight, Problems.TooManyInFlight(plan.Policy.MaxInFlight), request.Key);
    }

    private static bool IsFull(RoutePlan plan) => plan.Policy is { MaxInFlight: > 0 and var most, IsObserved: false } && plan.Running.Taken >= most;

    /// <returns>Null: there is none.</returns>
    private Problem? RefusalOfFirstSent(HttpRequest request, IdempotencyPolicy policy) => Repeatability.Read(request.Headers, policy.Retention, time.GetUtcNow()) switch
    {
        FirstSentReading.Good => null,
        FirstSentReading.Invalid => Problems.KeyInvalid(policy.Key, $"{Repeatability.FirstSent} is missing or no date such as Tue, 15 Nov 1994 08:12:31 GMT"),
        FirstSentReading.Ahead => Problems.KeyInvalid(policy.Key, $"{Repeatability.FirstSent} lies in the future"),
        FirstSentReading.Expired => Problems.RepeatabilityExpired(Repeatability.Window(policy.Retention)),
        var other => throw new InvalidOperationException($"First-sent reading {other} has no answer."),
    };

    private async Task StoreFailedAsync(Visit visit, BeginRequest request, WaitingAnswer? waiting, StoreCallException error)
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
            if (!await answers.TryReplayWaitingAsync(visit, request, waiting))
            {
                await refusals.RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
            }

            return;
        }

        if (await answers.TryReplayReadOnlyAsync(visit, request))
        {
            return;
        }

        if (visit.Policy.StoreFailure == StoreFailureBehaviour.Forward)
        {
            BeginFailed("the request is forwarded unprotected");
            await runs.RunWithoutRecordAsync(visit, RequestOutcome.Unprotected, StatusHeader.Unprotected);
            return;
        }

        BeginFailed(visit.Policy.IsObserved ? "the request is forwarded, as the policy observes" : "the request is refused");
        await refusals.RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);

        void BeginFailed(string consequence)
        {
            if (!error.WasNotSent)
            {
                Log.BeginFailed(logger, request.Key, visit.Plan.Operation, consequence, error);
            }
            else
            {
                Log.BeginNotTried(logger, request.Key, visit.Plan.Operation, consequence); // why has been told once for all of them
            }
        }
    }
}
