using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>
/// Looks at the levels under <c>Logging</c>. .NET throws for a name that it does not know: at start out of the first logger, and on
/// a reload out of whatever raised it.
/// </summary>
internal static class LoggingShape
{
    public static IEnumerable<ConfigurationFault> Check(IConfiguration configuration)
    {
        var logging = configuration.GetSection("Logging");
        return logging.GetChildren().Select(provider => provider.GetSection("LogLevel")).Prepend(logging.GetSection("LogLevel"))
            .SelectMany(levels => levels.GetChildren())
            .Where(level => !string.IsNullOrEmpty(level.Value) && !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
            .Select(level => new ConfigurationFault(level.Path, $"'{level.Value}' is no level.", $"Write one of: {string.Join(", ", Enum.GetNames<LogLevel>())}."));
    }
}
