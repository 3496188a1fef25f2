using Gateway.Idempotency.Authorization;
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
    ProblemWriter problems,
    RequestFigures figures,
    SuspectedDuplicates duplicates,
    AnswerSeal seal,
    RecordWaiters waiters,
    BodyFiles files,
    QuotaAccess quotas,
    ReplayAuthorizer authorizer,
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

    private async Task ProtectAsync(HttpContext context, RoutePlan plan, RouteTraffic? traffic)
    {
        var policy = plan.Policy;

        // 1 Key; where it may stand in the body, that comes first
        var key = KeyReader.Read(context.Request.Headers, policy.Key);
        RequestBody? body = null;
        if (key.IsAbsent && policy.Key.Member is not null)
        {
            body = await ReadBodyAsync(new Visit(context, plan, key, Body: null), traffic);
            if (body is null)
            {
                return;
            }

            try
            {
                key = KeyIn(body, context.Request, policy.Key);
            }
            catch (BodyFileException e)
            {
                body.Release();
                await RefuseUnbufferedAsync(new Visit(context, plan, key, Body: null), e);
                return;
            }
        }

        try
        {
            await ProtectAsync(new Visit(context, plan, key, body), traffic);
        }
        finally
        {
            body?.Release();
        }
    }

    private async Task ProtectAsync(Visit visit, RouteTraffic? traffic)
    {
        var (context, plan, key, body) = visit;
        var policy = plan.Policy;
        if (key.IsAbsent && !policy.Key.Required)
        {
            traffic?.CountOther(context.Request);
            if (body is not null)
            {
                await runs.RunWithoutRecordAsync(context, next, plan, body, key, RequestOutcome.Keyless, status: null);
                return;
            }

            figures.Count(context, plan, RequestOutcome.Keyless);
            await next(context);
            return;
        }

        if (body is null)
        {
            traffic?.CountProtected(policy.IsObserved);
        }

        if (key.Key is null)
        {
            await (key.IsAbsent
                ? RefuseAsync(visit, RequestOutcome.KeyMissing, Problems.KeyMissing(policy.Key))
                : RefuseAsync(visit, RequestOutcome.KeyInvalid, Problems.KeyInvalid(policy.Key, key.BrokenRule!)));
            return;
        }

        if (Repeatability.IsUsedBy(key) && RefusalOfFirstSent(context.Request, policy) is { } refusal)
        {
            await RefuseAsync(visit, RequestOutcome.KeyInvalid, refusal);
            return;
        }

        // 2 Actor
        if (!ActorReader.TryRead(context, policy.Actor, out var actor))
        {
            await RefuseAsync(visit, RequestOutcome.ActorMissing, Problems.ActorMissing(policy.Actor));
            return;
        }

        // 3 Body
        if (body is not null)
        {
            await RunOrAnswerAsync(visit, actor);
            return;
        }

        body = await ReadBodyAsync(visit, traffic: null);
        if (body is null)
        {
            return;
        }

        try
        {
            await RunOrAnswerAsync(visit with { Body = body }, actor);
        }
        finally
        {
            body.Release();
        }
    }

    /// <returns>Null: there is none to go on with, and the request has its answer.</returns>
    private async ValueTask<RequestBody?> ReadBodyAsync(Visit visit, RouteTraffic? traffic)
    {
        var (context, plan, _, _) = visit;
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

            await RefuseAsync(visit, RequestOutcome.BodyTooLarge, Problems.BodyTooLarge(plan.MaxRequestBodySize));
        }

        return body;
    }

    /// <summary>Its file cannot be written or read: nothing has begun.</summary>
    private Task RefuseUnbufferedAsync(Visit visit, BodyFileException error)
    {
        Log.BodyNotBuffered(logger, visit.Plan.Operation, error);
        return RefuseAsync(visit, RequestOutcome.BufferUnavailable, Problems.BufferUnavailable());
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

    private async Task RunOrAnswerAsync(Visit visit, UInt128 actor)
    {
        var (context, plan, key, body) = visit;
        var policy = plan.Policy;
        Fingerprint fingerprint;
        try
        {
            if (ContentDigest.IsOn(context.Request.Headers) && !IsAsAnnounced(body!, context.Request))
            {
                await RefuseAsync(visit, RequestOutcome.DigestMismatch, Problems.DigestMismatch());
                return;
            }

            // 4 Fingerprint
            fingerprint = FingerprintReader.Read(context.Request, body!, policy.Fingerprint);
        }
        catch (BodyFileException e)
        {
            await RefuseUnbufferedAsync(visit, e);
            return;
        }

        var request = new BeginRequest
        {
            Key = RecordKeys.Of(plan.Operation, actor, key.Key!, policy.Key.Scope == KeyScope.Path ? (context.Request.PathBase + context.Request.Path).Value : null),
            Claim = ClaimToken.New(),
            Fingerprint = fingerprint,
            Lease = policy.Lease,
            Retention = policy.Retention,

            // Nothing is taken over that cannot run now: to give it back would be to forget that it may have run.
            TakeOverUnknown = policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry && !IsFull(plan),
            Label = new RecordLabel(plan.Operation, policy.RetainKey ? key.Key! : KeyDigest.Of(key.Key!), actor),
        };

        // 5 Begin; before that, an answer that was given and has not come home yet is the answer, whatever the store says
        if (!spool.IsKnown)
        {
            await RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable()); // it may have run, and its answer may wait
            return;
        }

        var waiting = spool.Find(request.Key);
        if (waiting is not null && await TryReplayWaitingAsync(visit, request, waiting))
        {
            return;
        }

        if (policy.HasQuota && await quotas.RefusalAsync(request.Label, request.Key, policy.MaxLiveKeysPerActor, policy.MaxLiveBytesPerActor) is { } untilRoom)
        {
            await RefuseAsync(visit, RequestOutcome.QuotaExceeded, Problems.QuotaExceeded(policy, untilRoom), request.Key);
            return;
        }

        BeginResult begin;
        try
        {
            begin = await store.BeginAsync(request);
        }
        catch (InvalidDataException e)
        {
            await RefuseUnreadableAsync(visit, request.Key, e);
            return;
        }
        catch (StoreCallException e)
        {
            await StoreFailedAsync(visit, request, waiting ?? spool.Find(request.Key), e);
            return;
        }

        if (begin.Outcome == BeginOutcome.InFlight && begin.Fingerprint == request.Fingerprint && policy is { InProgress: InProgressBehaviour.Wait, IsObserved: false })
        {
            if (await WaitAsync(visit, request, begin) is not { } ended)
            {
                return;
            }

            begin = ended;
        }

        if (begin.Outcome == BeginOutcome.Unknown && begin.Fingerprint == request.Fingerprint && policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry && !request.TakeOverUnknown)
        {
            await RefuseAsync(visit, RequestOutcome.TooManyInFlight, Problems.TooManyInFlight(policy.MaxInFlight), request.Key); // it may run again, and not now
            return;
        }

        if (begin.Outcome != BeginOutcome.Claimed)
        {
            await AnswerAsync(visit, request, begin); // what the record says
            return;
        }

        if (policy.HasQuota)
        {
            quotas.Note(request.Label, request.Key, size: 0, policy.Lease + policy.Retention);
        }

        if (policy.MaxInFlight > 0 && !policy.IsObserved)
        {
            await RunAmongFewAsync(visit, request, begin.CreatedAt);
            return;
        }

        // 6 Forward, capture, complete and reply
        duplicates.Look(request, policy.DuplicateWindow);
        await runs.RunAsync(context, next, plan, request, begin.CreatedAt, body!, key);
    }

    /// <summary>
    /// Waits until the first request has ended, the time is over, or the client has gone; nobody waits where <c>MaxWaiting</c> do already.
    /// </summary>
    /// <returns>What the store says then; null: the request has its answer, or nobody waits for one.</returns>
    private async ValueTask<BeginResult?> WaitAsync(Visit visit, BeginRequest request, BeginResult found)
    {
        var (context, plan, _, _) = visit;
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
                if (spool.Find(request.Key) is { } waiting && await TryReplayWaitingAsync(visit, request, waiting))
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
            await RefuseUnreadableAsync(visit, request.Key, e);
            return null;
        }
        catch (StoreCallException e)
        {
            if (e.Call is { } call)
            {
                releases.Add(request.Key, request.Claim, call); // it may have claimed what the other one released
            }

            if (spool.Find(request.Key) is { } waiting ? await TryReplayWaitingAsync(visit, request, waiting) : await TryReplayReadOnlyAsync(visit, request))
            {
                return null;
            }

            // Whatever the policy says of stores that fail: the other request runs, or has run.
            Log.BeginFailed(logger, request.Key, plan.Operation, "the request, which waited for another one, is refused", e);
            await RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
            return null;
        }
        finally
        {
            waiters.Leave();
            plan.Waiting.Free();
        }
    }

    /// <summary><c>MaxInFlight</c>: behind the begin, as an answer that is known is given however much runs.</summary>
    private async Task RunAmongFewAsync(Visit visit, BeginRequest request, DateTimeOffset firstSeen)
    {
        var (context, plan, key, body) = visit;
        if (plan.Running.TryTake(plan.Policy.MaxInFlight))
        {
            duplicates.Look(request, plan.Policy.DuplicateWindow);
            await runs.RunAsync(context, next, plan, request, firstSeen, body!, key, plan.Running);
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
        await RefuseAsync(visit, RequestOutcome.TooManyInFlight, Problems.TooManyInFlight(plan.Policy.MaxInFlight), request.Key);
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

    /// <summary>What the record says.</summary>
    private Task AnswerAsync(Visit visit, in BeginRequest request, in BeginResult found) => found.Outcome switch
    {
        _ when found.Fingerprint != request.Fingerprint => RefuseAsync(visit, RequestOutcome.KeyReused, Problems.KeyReused(found.Fingerprint, request.Fingerprint), request.Key),
        BeginOutcome.InFlight => RefuseAsync(visit, RequestOutcome.InProgress, Problems.InProgress(found.LeaseRemaining), request.Key),
        BeginOutcome.Unknown => RefuseAsync(visit, RequestOutcome.UnknownHeld, Problems.OutcomeUnknown(found.CreatedAt), request.Key),
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
            await RefuseUnreadableAsync(visit, record, e);
            return;
        }

        if (visit.Plan.Policy is { ReplayAuthorization: { } rules, IsObserved: false } && !await MayHaveAsync(visit, record, rules))
        {
            return;
        }

        if (answer.Kind == AnswerKind.Tombstone)
        {
            await RefuseAsync(visit, RequestOutcome.NotRetained, Problems.ResponseNotRetained(answer), record, status);
            return;
        }

        if (visit.Plan.Policy.IsObserved)
        {
            await ObserveAsync(visit, RequestOutcome.Replayed, StatusHeader.WouldReplay, record);
            return;
        }

        figures.Count(visit.Context, visit.Plan, RequestOutcome.Replayed);
        MarkStatus(visit, status);
        await Replay.WriteAsync(visit.Context, answer, visit.Key, visit.Plan.Policy);
    }

    /// <summary>The caller's grant may have ended since the first answer. False: the refusal is given.</summary>
    private async ValueTask<bool> MayHaveAsync(Visit visit, RecordKey record, ReplayAuthorizationRules rules)
    {
        KeyMarks.Write(visit.Context.Response, visit.Key, visit.Plan.Policy.Key, isAccepted: true);
        switch (await authorizer.AskAsync(visit.Context, rules, visit.Plan.Operation))
        {
            case ReplayVerdict.Allowed:
                return true;
            case ReplayVerdict.Denied:
                figures.Count(visit.Context, visit.Plan, RequestOutcome.ReplayDenied);
                return false;
            case ReplayVerdict.Unavailable:
                await RefuseAsync(visit, RequestOutcome.AuthorizationUnavailable, Problems.AuthorizationUnavailable(), record);
                return false;
            case var other:
                throw new InvalidOperationException($"Verdict {other} has no answer.");
        }
    }

    /// <returns>False: it has come home in this very moment, and the store has it.</returns>
    private async ValueTask<bool> TryReplayWaitingAsync(Visit visit, BeginRequest request, WaitingAnswer waiting)
    {
        if (waiting.Fingerprint != request.Fingerprint)
        {
            await RefuseAsync(visit, RequestOutcome.KeyReused, Problems.KeyReused(waiting.Fingerprint, request.Fingerprint), request.Key);
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
            await RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
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
    private async ValueTask<bool> TryReplayReadOnlyAsync(Visit visit, BeginRequest request)
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
            await RefuseUnreadableAsync(visit, request.Key, e);
        }

        return true;
    }

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
            if (!await TryReplayWaitingAsync(visit, request, waiting))
            {
                await RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);
            }

            return;
        }

        if (await TryReplayReadOnlyAsync(visit, request))
        {
            return;
        }

        if (visit.Plan.Policy.StoreFailure == StoreFailureBehaviour.Forward)
        {
            BeginFailed("the request is forwarded unprotected");
            await runs.RunWithoutRecordAsync(visit.Context, next, visit.Plan, visit.Body!, visit.Key, RequestOutcome.Unprotected, StatusHeader.Unprotected);
            return;
        }

        BeginFailed(visit.Plan.Policy.IsObserved ? "the request is forwarded, as the policy observes" : "the request is refused");
        await RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), request.Key);

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

    /// <summary>It has run: whatever these bytes are, they are not "not found", and no policy lets it run again.</summary>
    private Task RefuseUnreadableAsync(Visit visit, RecordKey record, InvalidDataException error)
    {
        Log.RecordUnreadable(logger, record, visit.Plan.Operation, error);
        return RefuseAsync(visit, RequestOutcome.StoreUnavailable, Problems.StoreUnavailable(), record);
    }

    /// <param name="record">Default: there is none yet.</param>
    private Task RefuseAsync(Visit visit, RequestOutcome outcome, in Problem problem, RecordKey record = default, string? status = null)
    {
        if (visit.Plan.Policy.IsObserved)
        {
            return ObserveAsync(visit, outcome, StatusHeader.WouldRefusePrefix + problem.Code, record);
        }

        figures.Count(visit.Context, visit.Plan, outcome);
        MarkStatus(visit, status);
        KeyMarks.Write(visit.Context.Response, visit.Key, visit.Plan.Policy.Key, isAccepted: outcome is RequestOutcome.InProgress or RequestOutcome.UnknownHeld or RequestOutcome.NotRetained);
        return problems.WriteAsync(visit.Context, problem.Under(visit.Plan.Policy), visit.Plan.Operation, visit.Plan.Policy.ErrorFormat);
    }

    /// <summary>Instead of an answer of the gateway's: the request goes on, and what it would have heard is counted, logged and marked.</summary>
    private Task ObserveAsync(Visit visit, RequestOutcome outcome, string status, RecordKey record)
    {
        var (context, plan, key, body) = visit;
        Log.Observed(logger, record, plan.Operation, status);
        if (body is not null)
        {
            return runs.RunWithoutRecordAsync(context, next, plan, body, key, outcome, status);
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
        return next(context);
    }

    private static void MarkStatus(in Visit visit, string? status)
    {
        if (status is not null)
        {
            visit.Context.Response.Headers[StatusHeader.Name] = status;
        }
    }

    /// <summary>One request on its way.</summary>
    /// <param name="Body">Null: it is not read yet, or too large to be.</param>
    private readonly record struct Visit(HttpContext Context, RoutePlan Plan, KeyReading Key, RequestBody? Body);
}
