using System.Net;
using Gateway.Idempotency.Request;

namespace Gateway.Proxy;

/// <summary>
/// The outgoing request's content over the body in memory. It knows whether a byte of it was ever asked for: the proof, on
/// which a key is released, that the backend cannot have seen the request.
/// </summary>
/// <remarks>
/// <see cref="SocketsHttpHandler"/> sends the head together with, or after, the first call for the content. That holds for
/// an empty body too, and it is why a request without a body gets a content as well: without one the handler takes the
/// liberty to send a POST up to four times when the connection ends before the answer.
/// </remarks>
internal sealed class BufferedRequestContent(RequestBody body, Action? progress = null) : HttpContent
{
    private const int Untouched = 0;
    private const int Asked = 1;
    private const int Closed = 2;

    private int _state = Untouched;

    /// <summary>True: nothing was asked for, and nothing can be sent from now on.</summary>
    public bool TryProveUntouched() => Interlocked.CompareExchange(ref _state, Closed, Untouched) != Asked;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Asked, Untouched) != Untouched || !body.TryHold())
        {
            throw new InvalidOperationException("A protected request is sent once, and not after its end.");
        }

        try
        {
            await body.CopyToAsync(stream, progress, cancellationToken);
        }
        finally
        {
            body.Release();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
