using System.Net;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy;

/// <summary>
/// One exchange with the backend on the gateway's own lifetime: send once, receive to the positive end of the body, and say
/// how it ended.
/// </summary>
internal sealed class Exchange(
    HttpContext context,
    IIdempotencyFeature feature,
    string destinationPrefix,
    HttpMessageInvoker client,
    ForwarderRequestConfig? config,
    HttpTransformer transformer,
    ILogger logger)
{
    // YARP's defaults (HttpForwarder.cs, v2.3.0).
    private static readonly TimeSpan DefaultIdle = TimeSpan.FromSeconds(100);
    private static readonly Version DefaultVersion = HttpVersion.Version20;

    private readonly BufferedRequestContent _content = Content(feature, config?.ActivityTimeout ?? DefaultIdle);
    private readonly ForwardDeadline _deadline = feature.Deadline;
    private readonly TimeSpan _idle = config?.ActivityTimeout ?? DefaultIdle;

    /// <summary>One state machine for all that waits for the backend: each more is one more that each answer wakes.</summary>
    public async ValueTask<ForwarderError> RunAsync()
    {
        ForwarderEvents.Instance.Start(destinationPrefix);
        try
        {
            // :: Build the request
            HttpRequestMessage request;
            try
            {
                request = await CreateRequestAsync();
            }
            catch (Exception e)
            {
                return await FailAsync(ForwarderError.RequestCreation, e, isBuilding: true);
            }

            if (context.Response.StatusCode != StatusCodes.Status200OK || context.Response.HasStarted)
            {
                return ForwarderError.None; // a transform has answered: ForwardEnd.Local
            }

            // :: Send it, and receive the head of the answer
            HttpResponseMessage response;
            ForwarderEvents.Instance.SendStarted();
            var sent = ForwarderEvents.Instance.Now();
            try
            {
                _deadline.Progress(_idle);
                response = await client.SendAsync(request, _deadline.Token);
            }
            catch (Exception e)
            {
                return await FailAsync(e is OperationCanceledException ? TimeOutError() : ForwarderError.Request, e);
            }

            ForwarderEvents.Instance.SendStopped();
            ForwarderEvents.Instance.Transferred(isRequest: true, feature.Body.Length, 1, sent);
            using (response)
            {
                _deadline.Progress(_idle);
                return await ReceiveAsync(response);
            }
        }
        finally
        {
            ForwarderEvents.Instance.Stop(feature.End is ForwardEnd.NotSent or ForwardEnd.Lost ? feature.FailureStatus : context.Response.StatusCode);
            _content.Dispose(); // closed, it refuses to be sent: nothing leaves after the verdict
        }
    }

    /// <summary>A body from a file goes out in parts, each of which is progress.</summary>
    private static BufferedRequestContent Content(IIdempotencyFeature feature, TimeSpan idle)
    {
        var (body, deadline) = (feature.Body, feature.Deadline);
        return new(body, body.IsInMemory ? null : () => deadline.Progress(idle));
    }

    private async ValueTask<HttpRequestMessage> CreateRequestAsync()
    {
        var incoming = context.Request;
        var request = new HttpRequestMessage
        {
            Method = HttpMethod.Parse(incoming.Method),
            Version = config?.Version ?? DefaultVersion,
            VersionPolicy = config?.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower,
            Content = _content,
        };
        await transformer.TransformRequestAsync(context, request, destinationPrefix, _deadline.Token);
        if (!ReferenceEquals(request.Content, _content))
        {
            throw new InvalidOperationException("A transform has replaced the content of a protected request; what is sent must be what was fingerprinted.");
        }

        // The body is here whole: it goes out with its length, and no 100 (Continue) is waited for.
        request.Headers.Remove("Expect");
        _content.Headers.ContentLength = feature.Body.Length;
        request.RequestUri ??= RequestUtilities.MakeDestinationAddress(destinationPrefix, incoming.Path, incoming.QueryString);
        return request;
    }

    private async ValueTask<ForwarderError> ReceiveAsync(HttpResponseMessage response)
    {
        if ((int)response.StatusCode < StatusCodes.Status200OK)
        {
            // No interim answer gets here but 101, and nobody asked for an upgrade: what follows is no HTTP.
            return await FailAsync(ForwarderError.ResponseHeaders, new HttpRequestException($"The backend answered {(int)response.StatusCode}."), hasAnswered: true);
        }

        // :: Status, headers, and the route's response transforms
        bool hasBody;
        try
        {
            context.Response.StatusCode = (int)response.StatusCode;
            if (response.ReasonPhrase != ReasonPhrases.GetReasonPhrase((int)response.StatusCode))
            {
                context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = response.ReasonPhrase;
            }

            hasBody = await transformer.TransformResponseAsync(context, response, _deadline.Token);
            DropHopByHop(response);
        }
        catch (Exception e)
        {
            return await FailAsync(ForwarderError.ResponseHeaders, e, hasAnswered: true);
        }

        if (context.Response.HasStarted)
        {
            // A transform has written to the client itself: there is nothing left to keep but that it has run.
            await feature.BeforeStreamingAsync(context);
            feature.End = ForwardEnd.Streamed;
            return ForwarderError.None;
        }

        // :: Body
        if (!hasBody)
        {
            feature.Answer = new AnswerBuffer(0);
            feature.End = ForwardEnd.Answered;
            return ForwarderError.None;
        }

        var length = response.Content.Headers.ContentLength;
        if (length > feature.MaxResponseBodySize || MediaType.IsEventStream(context.Response.ContentType))
        {
            return await StreamAsync(response, received: null, await response.Content.ReadAsStreamAsync(_deadline.Token));
        }

        var answer = new AnswerBuffer((int)(length ?? 4096) + 1); // room for the read that finds the end
        try
        {
            return await ReceiveBodyAsync(response, answer);
        }
        finally
        {
            if (feature.End != ForwardEnd.Answered)
            {
                answer.Dispose();
            }
        }
    }

    /// <summary>RFC 9110, section 7.6.1: what Connection names is of that connection. YARP drops Connection alone, and these would be kept and replayed.</summary>
    private void DropHopByHop(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Connection", out var options))
        {
            return;
        }

        foreach (var name in options.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            context.Response.Headers.Remove(name);
        }
    }

    private async ValueTask<ForwarderError> ReceiveBodyAsync(HttpResponseMessage response, AnswerBuffer answer)
    {
        var started = ForwarderEvents.Instance.Now();
        var reads = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(_deadline.Token);
            while (true)
            {
                // The positive end: over HTTP/1.1 a read of zero comes only behind the last announced byte or the last chunk;
                // anything short throws. Over HTTP/2 it comes with END_STREAM, whatever was announced: compared below.
                var read = await stream.ReadAsync(answer.Free(), _deadline.Token);
                if (read == 0)
                {
                    break;
                }

                reads++;
                answer.Advance(read);
                if (answer.Length > feature.MaxResponseBodySize)
                {
                    return await StreamAsync(response, answer, stream);
                }

                _deadline.Progress(_idle);
            }

            if (answer.Length != AnnouncedLength(response, answer.Length))
            {
                throw new HttpRequestException($"The answer ended after {answer.Length} bytes, and another length was announced.");
            }

            await TransformTrailersAsync(response);
        }
        catch (Exception e)
        {
            return await FailAsync(e is OperationCanceledException ? ForwarderError.ResponseBodyCanceled : ForwarderError.ResponseBodyDestination, e, hasAnswered: true);
        }

        ForwarderEvents.Instance.Transferred(isRequest: false, answer.Length, reads, started);
        feature.Answer = answer;
        feature.End = ForwardEnd.Answered;
        return ForwarderError.None;
    }

    /// <summary>What the answer's head says about its body's length, where it says something that counts.</summary>
    private static long AnnouncedLength(HttpResponseMessage response, long otherwise) =>
        StatusRules.MayHaveBody((int)response.StatusCode) && response.Headers.TransferEncodingChunked != true
            ? response.Content.Headers.ContentLength ?? otherwise
            : otherwise;

    private ValueTask TransformTrailersAsync(HttpResponseMessage response)
    {
        if (response.TrailingHeaders.NonValidated.Count == 0 || context.Features.Get<IHttpResponseTrailersFeature>() is not null)
        {
            feature.Trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
            return transformer.TransformResponseTrailersAsync(context, response, _deadline.Token);
        }

        // An HTTP/1.1 client gets none, and the retry may come over HTTP/2: they are caught for the record.
        return CatchAsync();

        async ValueTask CatchAsync()
        {
            var caught = new CaughtTrailers();
            context.Features.Set<IHttpResponseTrailersFeature>(caught);
            try
            {
                await transformer.TransformResponseTrailersAsync(context, response, _deadline.Token);
            }
            finally
            {
                context.Features.Set<IHttpResponseTrailersFeature>(null);
            }

            feature.Trailers = caught.Trailers;
        }
    }

    /// <summary>Too large to keep, or a stream: the record says so first, then the bytes go through as they come.</summary>
    private async ValueTask<ForwarderError> StreamAsync(HttpResponseMessage response, AnswerBuffer? received, Stream stream)
    {
        await feature.BeforeStreamingAsync(context);
        feature.End = ForwardEnd.Streamed;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var started = ForwarderEvents.Instance.Now();
        var (bytes, reads) = (received?.Length ?? 0L, 0L);
        var buffer = new byte[16 * 1024];
        try
        {
            if (received is not null)
            {
                await context.Response.Body.WriteAsync(received.Body, _deadline.Token);
            }

            while (true)
            {
                var read = await stream.ReadAsync(buffer, _deadline.Token);
                if (read == 0)
                {
                    break;
                }

                (bytes, reads) = (bytes + read, reads + 1);
                _deadline.Progress(_idle);

                // To a client that has gone this writes into the void: the backend is heard out all the same.
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), _deadline.Token);
                await context.Response.Body.FlushAsync(_deadline.Token);
            }

            await transformer.TransformResponseTrailersAsync(context, response, _deadline.Token);
        }
        catch (Exception e)
        {
            var error = e is OperationCanceledException ? ForwarderError.ResponseBodyCanceled : ForwarderError.ResponseBodyDestination;
            Report(error, e);
            context.Abort(); // the client must not take a part for the whole
            return error;
        }

        ForwarderEvents.Instance.Transferred(isRequest: false, bytes, reads, started);
        return ForwarderError.None;
    }

    private async ValueTask<ForwarderError> FailAsync(ForwarderError error, Exception exception, bool isBuilding = false, bool hasAnswered = false)
    {
        Report(error, exception);
        feature.FailureStatus = exception is OperationCanceledException ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway;
        feature.End = !hasAnswered && (isBuilding || IsBeforeSending(exception)) && _content.TryProveUntouched() ? ForwardEnd.NotSent : ForwardEnd.Lost;

        if (context.Response.HasStarted)
        {
            return error; // a transform wrote to the client and then threw
        }

        // Headers of an answer that did not come whole must not adorn what is said instead.
        context.Response.Clear();
        context.Response.StatusCode = feature.FailureStatus;
        if (!hasAnswered)
        {
            try
            {
                // As YARP does: transforms that apply to failures see a response of null.
                await transformer.TransformResponseAsync(context, proxyResponse: null, CancellationToken.None);
            }
            catch (Exception e)
            {
                ProxyLog.TransformFailed(logger, e);
            }
        }

        return error;
    }

    /// <summary>
    /// Failures that come before a request is written: name resolution, connecting, TLS, a tunnel, waiting for a free
    /// connection. Necessary and not sufficient: the content has to be untouched as well.
    /// </summary>
    private static bool IsBeforeSending(Exception exception) => exception switch
    {
        OperationCanceledException => true,
        HttpRequestException e => e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
        _ => false,
    };

    private ForwarderError TimeOutError() => _deadline.IsStopped ? ForwarderError.RequestCanceled : ForwarderError.RequestTimedOut;

    private void Report(ForwarderError error, Exception exception)
    {
        context.Features.Set<IForwarderErrorFeature>(new ForwardError(error, exception));
        ForwarderEvents.Instance.Failed(error);
        ProxyLog.ExchangeFailed(logger, error, UnquotedException.Of(exception));
    }

    private sealed class CaughtTrailers : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }
}
