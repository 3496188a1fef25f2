using System.Collections.Frozen;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <inheritdoc cref="IIdempotencyFeature"/>
internal sealed class IdempotencyFeature(Visit visit, ProtectedRun run, OutcomeWriter outcomes) : IIdempotencyFeature
{
    /// <summary>Headers that stood on the response before the forward: not the backend's, so not the record's.</summary>
    public FrozenSet<string>? OuterHeaders { get; } =
        visit.Context.Response.Headers is { Count: > 0 } before ? before.Keys.ToFrozenSet(StringComparer.OrdinalIgnoreCase) : null;

    public RequestBody Body
    {
        get
        {
            IsForwarderReached = true;
            return run.Body;
        }
    }

    /// <summary>The proxy's last step has taken the body: from here on only it can prove that nothing was sent.</summary>
    public bool IsForwarderReached { get; private set; }

    public ForwardDeadline Deadline => run.Deadline;

    public int MaxResponseBodySize => run.Plan.Policy.MaxResponseBodySize;

    public AnswerBuffer? Answer { get; set; }

    public IHeaderDictionary? Trailers { get; set; }

    public ForwardEnd End { get; set; }

    public int FailureStatus { get; set; } = StatusCodes.Status502BadGateway;

    public async ValueTask BeforeStreamingAsync(HttpContext context)
    {
        DropReserved(context.Response);
        await outcomes.SettleStreamAsync(context, run);
        Mark(context.Response, isAccepted: true);
    }

    /// <summary>These two are this gateway's to say: from a backend (another gateway, perhaps) they would be read as its word.</summary>
    public static void DropReserved(HttpResponse response)
    {
        response.Headers.Remove(Replay.MarkerHeader);
        response.Headers.Remove(StatusHeader.Name);
    }

    /// <summary>What every answer of a run carries: the key as it was sent, and the truth about an answer that is less than it looks.</summary>
    /// <param name="isAccepted">See <see cref="KeyMarks.Write"/>.</param>
    public void Mark(HttpResponse response, bool isAccepted)
    {
        KeyMarks.Write(response, visit.Key, run.Plan.Policy.Key, isAccepted && run.Claim is not null);
        if (run.Status is { } status && !response.Headers.ContainsKey(StatusHeader.Name))
        {
            response.Headers[StatusHeader.Name] = status; // "not-stored" may stand there, and says more
        }
    }
}
