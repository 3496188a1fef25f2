using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy;

internal static partial class ProxyLog
{
    [LoggerMessage(1, LogLevel.Warning, "The exchange with the backend failed: {Error}", EventName = "ExchangeFailed")]
    public static partial void ExchangeFailed(ILogger logger, ForwarderError error, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "A response transform failed on a failed exchange", EventName = "TransformFailed")]
    public static partial void TransformFailed(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "The new configuration is refused; the last good one stays in force:{Faults}", EventName = "ConfigurationRefused")]
    public static partial void ConfigurationRefused(ILogger logger, string faults);

    [LoggerMessage(4, LogLevel.Information, "The configuration is in force; policies: {Policies}", EventName = "ConfigurationApplied")]
    public static partial void ConfigurationApplied(ILogger logger, string policies);

    [LoggerMessage(5, LogLevel.Warning, "{Warning}", EventName = "ConfigurationWarning")]
    public static partial void ConfigurationWarning(ILogger logger, string warning);
}
