using Gateway.Configuration;
using Gateway.Idempotency.Policies;

namespace Gateway.Proxy;

/// <summary>Turns what YARP throws for a configuration into faults, ours and its own alike.</summary>
internal static class ProxyFaults
{
    public static IReadOnlyList<ConfigurationFault> Of(Exception exception) => exception switch
    {
        ConfigurationFaultException e => e.Faults,
        AggregateException e => [.. e.InnerExceptions.SelectMany(Of)],
        { InnerException: { } inner } and InvalidOperationException => Of(inner),
        _ => [new ConfigurationFault("ReverseProxy", exception.Message, "See the documentation of YARP's configuration.")],
    };
}
