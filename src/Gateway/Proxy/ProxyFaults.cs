using Gateway.Configuration;
using Gateway.Idempotency.Policies;

namespace Gateway.Proxy;

/// <summary>Turns what YARP throws for a configuration into faults, ours and its own alike.</summary>
internal static class ProxyFaults
{
    /// <param name="place">What YARP was asked about; ours know their own.</param>
    public static IReadOnlyList<ConfigurationFault> Of(Exception exception, string place = "ReverseProxy") => exception switch
    {
        ConfigurationFaultException e => e.Faults,
        AggregateException e => [.. e.InnerExceptions.SelectMany(inner => Of(inner, place))],
        { InnerException: { } inner } and InvalidOperationException => Of(inner, place),
        _ => [new ConfigurationFault(place, exception.Message, "See the documentation of YARP's configuration.")],
    };
}
