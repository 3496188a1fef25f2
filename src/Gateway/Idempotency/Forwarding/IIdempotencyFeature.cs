using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Forwarding;

/// <summary>How a forward ended, as far as the proxy can tell.</summary>
internal enum ForwardEnd
{
    /// <summary>The proxy's last step was never reached, or a transform answered by itself: nothing was sent.</summary>
    Local,

    /// <summary>There is proof that nothing was sent.</summary>
    NotSent,

    /// <summary>The whole answer is here: status and headers on the response, the body in <see cref="IIdempotencyFeature.Answer"/>.</summary>
    Answered,

    /// <summary>The answer has gone through to the client unseen: too large, or a stream.</summary>
    Streamed,

    /// <summary>The request may have been sent, and there is no whole answer.</summary>
    Lost,
}

/// <summary>
/// What the idempotency middleware and the proxy's last step have to say to each other about one protected request. The
/// feature on a request is the sign that it is protected.
/// </summary>
internal interface IIdempotencyFeature
{
    RequestBody Body { get; }

    ForwardDeadline Deadline { get; }

    /// <summary>Bytes; a larger answer is streamed.</summary>
    int MaxResponseBodySize { get; }

    /// <summary>
    /// To be called with status and headers in place, before the first byte of an answer goes to the client that will not
    /// be kept: the record says "done" before anybody can have seen an answer.
    /// </summary>
    ValueTask BeforeStreamingAsync(HttpContext context);

    /// <summary>The received body. Set with <see cref="ForwardEnd.Answered"/>; the middleware disposes of it.</summary>
    AnswerBuffer? Answer { get; set; }

    /// <summary>For the record. What this client can get of them is on the server's own feature already.</summary>
    IHeaderDictionary? Trailers { get; set; }

    ForwardEnd End { get; set; }

    /// <summary>For <see cref="ForwardEnd.NotSent"/> and <see cref="ForwardEnd.Lost"/>: 502, 503 or 504.</summary>
    int FailureStatus { get; set; }
}
