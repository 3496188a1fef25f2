using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy;

/// <summary>Tells passive health checks and loggers of a failed exchange, as YARP's forwarder does.</summary>
internal sealed class ForwardError(ForwarderError error, Exception? exception) : IForwarderErrorFeature
{
    public ForwarderError Error => error;

    public Exception? Exception => exception;
}
