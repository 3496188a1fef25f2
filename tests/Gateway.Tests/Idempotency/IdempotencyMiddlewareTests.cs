using System.Text;
using System.Text.Json;
using Gateway.Idempotency;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Waiting;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Idempotency.Response;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Idempotency;

/// <summary>
/// The way of a request with nothing around it: when a call returns, all that was going to happen has happened, so that what
/// must not happen (a forward behind a refusal, say) can be seen not to have happened.
/// </summary>
public sealed class IdempotencyMiddlewareTests : IAsyncLifetime
{
    private static readonly IdempotencyPolicy Policy = new()
    {
        Name = "payments",
        Actor = new ActorRules([new(ActorKind.Header, "Authorization")]),
        MaxRequestBodySize = 16,
        StoreFailure = StoreFailureBehaviour.Forward,
    };

    private readonly FaultyStore _store = new(new InMemoryStore(TimeProvider.System));
    private readonly FaultySpool _file = new();
    private readonly StoreParts _parts;
    private readonly DeferredReleases _releases;
    private readonly RunningClaims _claims;
    private readonly CompletionSpool _spool;
    private readonly RequestFigures _figures;
    private readonly SuspectedDuplicates _duplicates;
    private readonly RecordWaiters _waiters;
    private readonly QuotaAccess _quotas;
    private readonly IdempotencyMiddleware _middleware;
    private RequestDelegate _backend = context => AnswerAsync(context, "paid");
    private int _forwards;

    public IdempotencyMiddlewareTests()
    {
        var time = TimeProvider.System;
        _parts = new StoreParts(_store, time, new StoreLimits(Operation: Bounded.Limit, Completion: TimeSpan.FromMilliseconds(100)));
        _releases = new DeferredReleases(_parts.Access, _parts.Limits, time, NullLogger<DeferredReleases>.Instance);
        _claims = new RunningClaims(_parts.Access, _parts.Limits, _parts.Meters, time, NullLogger<RunningClaims>.Instance);
        _spool = new CompletionSpool(_parts.Access, _parts.Circuit, _claims, _parts.Limits, _parts.Meters, time, NullLogger<CompletionSpool>.Instance, _file);
        _figures = new RequestFigures(_parts.Meters);
        _duplicates = new SuspectedDuplicates(_parts.Meters, time, NullLogger<SuspectedDuplicates>.Instance);
        _quotas = new QuotaAccess(new InMemoryStore(time), _parts.Circuit, _parts.Limits, time, NullLogger<QuotaAccess>.Instance);
        _waiters = new RecordWaiters(new InMemoryStore(time), _parts.Limits, new NoLifetime(), _parts.Meters, time, NullLogger<RecordWaiters>.Instance);
        var outcomes = new OutcomeWriter(_parts.Access, _parts.Limits, _claims, _releases, _spool, Seals.New(), _waiters, _quotas, time, NullLogger<OutcomeWriter>.Instance);
        _middleware = Middleware(_spool, new ProtectedRuns(_claims, outcomes, new ProblemWriter("/spec"), _figures, time, NullLogger<ProtectedRuns>.Instance));
    }

    /// <summary>The spool has read its file, and its passes are the test's to make.</summary>
    public async Task InitializeAsync() => await _spool.StartAsync(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public Task DisposeAsync()
    {
        _spool.Dispose();
        _claims.Dispose();
        _releases.Dispose();
        _parts.Circuit.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("no key", 400, "key-missing")]
    [InlineData("two keys in one", 400, "key-invalid")]
    [InlineData("no actor", 400, "actor-missing")]
    [InlineData("a body over the limit", 413, "body-too-large")]
    public async Task What_is_refused_is_neither_begun_nor_forwarded(string fault, int status, string code)
    {
        var context = Request(body: fault == "a body over the limit" ? new string('x', 17) : "{}");
        var key = fault switch { "no key" => null, "two keys in one" => "k,k", _ => "k" };
        context.Request.Headers["Idempotency-Key"] = key;
        if (fault == "no actor")
        {
            context.Request.Headers.Remove("Authorization");
        }

        var asked = 0;
        _store.Before = _ => Task.FromResult(Interlocked.Increment(ref asked));

        await _middleware.InvokeAsync(context);

        Assert.Equal((status, code), Told(context));
        Assert.Equal(status == 400 && code.StartsWith("key", StringComparison.Ordinal) ? null : "k", context.Response.Headers["Idempotency-Key"].FirstOrDefault());
        Assert.Equal((0, 0), (asked, _forwards));
    }

    [Fact]
    public async Task Before_it_is_known_what_waits_in_the_spool_a_refusal_is_the_end()
    {
        var unread = new CompletionSpool(_parts.Access, _parts.Circuit, _claims, _parts.Limits, _parts.Meters, TimeProvider.System, NullLogger<CompletionSpool>.Instance, _file);
        var middleware = Middleware(unread, runs: null!);
        var asked = 0;
        _store.Before = _ => Task.FromResult(Interlocked.Increment(ref asked));
        var context = Request();

        await middleware.InvokeAsync(context);

        Assert.Equal((503, "store-unavailable"), Told(context));
        Assert.Equal((0, 0), (asked, _forwards));
        unread.Dispose();
    }

    [Fact]
    public async Task A_pipeline_that_throws_once_the_forwarder_has_the_body_leaves_an_outcome_that_nobody_knows()
    {
        RequestBody body = null!;
        _backend = context =>
        {
            body = context.Features.GetRequiredFeature<IIdempotencyFeature>().Body;
            throw new InvalidOperationException("thrown by the test");
        };
        var first = Request();
        await _middleware.InvokeAsync(first);
        var retry = Request();
        await _middleware.InvokeAsync(retry);

        Assert.Equal((502, "outcome-unknown"), Told(first));
        Assert.Equal((409, "outcome-unknown"), Told(retry));
        Assert.Equal(1, _forwards);
        Assert.False(body.TryHold(), "Its bytes have gone back to the pool.");
    }

    [Fact]
    public async Task A_pipeline_that_throws_before_the_forwarder_has_the_body_has_sent_nothing_and_a_retry_runs()
    {
        var backend = _backend;
        _backend = _ => throw new InvalidOperationException("thrown by the test");
        var first = Request();
        await _middleware.InvokeAsync(first);
        _backend = backend;
        var retry = Request();
        await _middleware.InvokeAsync(retry);

        Assert.Equal((502, "upstream-unreachable"), Told(first));
        Assert.Equal((200, "paid"), (retry.Response.StatusCode, Text(retry)));
        Assert.Equal(2, _forwards);
    }

    [Fact]
    public async Task A_header_that_stood_there_before_the_forward_is_no_part_of_the_record()
    {
        var first = Request();
        first.Response.Headers["X-Outer"] = "this request's";
        await _middleware.InvokeAsync(first);
        var retry = Request();
        await _middleware.InvokeAsync(retry);

        Assert.Equal("this request's", first.Response.Headers["X-Outer"]);
        Assert.Equal("true", retry.Response.Headers["Idempotent-Replayed"]);
        Assert.False(retry.Response.Headers.ContainsKey("X-Outer"));
        Assert.Equal(1, _forwards);
    }

    [Fact]
    public async Task A_streamed_answer_says_nothing_in_the_gateways_name()
    {
        _backend = async context =>
        {
            var feature = context.Features.GetRequiredFeature<IIdempotencyFeature>();
            context.Response.Headers["Idempotent-Replayed"] = "true";
            context.Response.Headers["Idempotency-Status"] = "unprotected";
            await feature.BeforeStreamingAsync(context);
            feature.End = ForwardEnd.Streamed;
        };
        var first = Request();
        await _middleware.InvokeAsync(first);
        var retry = Request();
        await _middleware.InvokeAsync(retry);

        Assert.False(first.Response.Headers.ContainsKey("Idempotent-Replayed"));
        Assert.False(first.Response.Headers.ContainsKey("Idempotency-Status"));
        Assert.Equal((409, "response-not-retained"), Told(retry));
    }

    [Fact]
    public async Task With_the_store_down_an_unprotected_answer_is_the_only_one()
    {
        _store.Before = verb => verb == "begin" ? throw new IOException("the store is down") : Task.CompletedTask;
        var context = Request();

        await _middleware.InvokeAsync(context);

        Assert.Equal((200, "paid", "unprotected"), (context.Response.StatusCode, Text(context), context.Response.Headers["Idempotency-Status"].ToString()));
        Assert.Equal(1, _forwards);
    }

    [Fact]
    public async Task An_answer_that_comes_to_wait_while_the_begin_of_a_retry_fails_is_given_and_nothing_runs_again()
    {
        _store.Before = async verb =>
        {
            if (verb == "begin")
            {
                await SpoolAsync("paid by the first");
                throw new IOException("the store is down");
            }
        };
        var retry = Request();

        await _middleware.InvokeAsync(retry);

        Assert.Equal((200, "paid by the first", "not-stored"), (retry.Response.StatusCode, Text(retry), retry.Response.Headers["Idempotency-Status"].ToString()));
        Assert.Equal(0, _forwards);
    }

    [Fact]
    public async Task A_waiting_answer_that_cannot_be_read_is_a_refusal_and_the_end()
    {
        await SpoolAsync("paid by the first");
        _file.Before = _ => throw new IOException("the disk is broken");
        var asked = 0;
        _store.Before = _ => Task.FromResult(Interlocked.Increment(ref asked)); // and would give any claim
        var retry = Request();

        await _middleware.InvokeAsync(retry);

        Assert.Equal((503, "store-unavailable"), Told(retry));
        Assert.Equal((0, 0), (asked, _forwards));
    }

    [Fact]
    public async Task An_answer_that_has_come_home_while_the_begin_of_a_retry_fails_has_run_all_the_same()
    {
        await SpoolAsync("paid by the first");
        await _file.RemoveAsync(_file.Last); // by another process that shares the file
        _store.Before = async verb =>
        {
            if (verb == "begin")
            {
                await _spool.StopAsync(CancellationToken.None); // its last pass
                await Bounded.UntilAsync(() => Task.FromResult(_spool.Count), count => count == 0);
                throw new IOException("the store is down");
            }
        };
        var retry = Request();

        await _middleware.InvokeAsync(retry);

        Assert.Equal((503, "store-unavailable"), Told(retry));
        Assert.Equal(0, _forwards);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_a_given_up_completion_may_still_read_are_left_alone_and_others_go_back_to_the_pool(bool isGivenUp)
    {
        AnswerBuffer answer = null!;
        _backend = async context =>
        {
            await AnswerAsync(context, "paid");
            answer = context.Features.GetRequiredFeature<IIdempotencyFeature>().Answer!;
        };
        var late = new TaskCompletionSource();
        _store.Before = verb => isGivenUp && verb == "complete" ? late.Task : Task.CompletedTask;
        var first = Request();

        await _middleware.InvokeAsync(first);

        Assert.Equal((200, "paid"), (first.Response.StatusCode, Text(first)));
        if (isGivenUp)
        {
            Assert.Equal("paid", Encoding.UTF8.GetString(answer.Body.Span));
        }
        else
        {
            Assert.ThrowsAny<ArgumentException>(() => answer.Body);
        }

        late.SetResult();
    }

    private static DefaultHttpContext Request(string body = "{}")
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Path = "/payments";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Request.Headers["Idempotency-Key"] = "k";
        context.Request.Headers.Authorization = "alice";
        context.Response.Body = new MemoryStream();
        var handle = new PolicyHandle(Policy.Name) { Policy = Policy };
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new ProtectedRoute("pay", handle, null, null)), "pay"));
        return context;
    }

    private static Task AnswerAsync(HttpContext context, string text)
    {
        var feature = context.Features.GetRequiredFeature<IIdempotencyFeature>();
        Assert.NotEqual(0, feature.Body.Length);
        var bytes = Encoding.UTF8.GetBytes(text);
        feature.Answer = new AnswerBuffer(bytes.Length);
        bytes.CopyTo(feature.Answer.Free());
        feature.Answer.Advance(bytes.Length);
        feature.End = ForwardEnd.Answered;
        return Task.CompletedTask;
    }

    private static string Text(HttpContext context) => Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());

    private static (int Status, string? Code) Told(HttpContext context)
    {
        using var problem = JsonDocument.Parse(Text(context));
        return (context.Response.StatusCode, problem.RootElement.GetProperty("code").GetString());
    }

    private Task ForwardAsync(HttpContext context)
    {
        _forwards++;
        return _backend(context);
    }

    /// <summary>The answer of an earlier run of the same request, which the store has not taken.</summary>
    private async Task SpoolAsync(string text)
    {
        var context = Request();
        Assert.True(ActorReader.TryRead(context, Policy.Actor, out var actor));
        var body = (await RequestBody.ReadAsync(context.Request, Policy.MaxRequestBodySize, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None))!;
        var begun = new BeginRequest
        {
            Key = RecordKeys.Of("pay", actor, "k"),
            Claim = ClaimToken.New(),
            Fingerprint = FingerprintReader.Read(context.Request, body, Policy.Fingerprint),
            Lease = Policy.Lease,
            Retention = Policy.Retention,
            Label = new RecordLabel("pay", "k", actor),
        };
        var deadline = new ForwardDeadline(Policy.Deadline, TimeProvider.System);
        await _spool.AddAsync(new RunningClaim(begun, deadline, CancellationToken.None), Answers.Pack(Answers.Context(), Encoding.UTF8.GetBytes(text)));
    }

    private IdempotencyMiddleware Middleware(CompletionSpool spool, ProtectedRuns runs)
    {
        var time = TimeProvider.System;
        var refusals = new Refusals(runs, new ProblemWriter("/spec"), _figures, NullLogger<Refusals>.Instance);
        var answers = new StoredAnswers(_parts.Access, spool, Seals.New(), authorizer: null!, refusals, _figures, NullLogger<StoredAnswers>.Instance);
        var wait = new InProgressWait(_parts.Access, _releases, spool, _waiters, answers, refusals, time, NullLogger<InProgressWait>.Instance);
        return new IdempotencyMiddleware(
            ForwardAsync, _parts.Access, _releases, spool, runs, answers, wait, refusals, _figures, _duplicates, _waiters, new BodyFiles(BufferingOptions.Default), _quotas, time, NullLogger<IdempotencyMiddleware>.Instance);
    }
}
