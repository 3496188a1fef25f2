using Gateway.Idempotency.Forwarding;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy;

/// <summary>
/// YARP's last step. Requests that carry <see cref="IIdempotencyFeature"/> are exchanged here, all others by YARP's own
/// forwarder. What comes before (routes, affinity, load balancing) and around (passive health, concurrency counters,
/// activities, the route's transforms) is YARP's in both cases.
/// </summary>
/// <remarks>
/// An exchange of its own, because the body is in memory already and the answer has to be whole before anything of it goes to
/// the client: that takes no stream copies, and leaves no question whether the answer ended.
/// </remarks>
internal sealed class IdempotentForwarder(IHttpForwarder inner, ILogger<IdempotentForwarder> logger) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        var feature = context.Features.Get<IIdempotencyFeature>();
        return feature is null
            ? inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken)
            : new Exchange(context, feature, destinationPrefix, httpClient, requestConfig, transformer, logger).RunAsync();
    }
}
