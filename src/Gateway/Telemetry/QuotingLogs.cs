using Microsoft.Extensions.Options;

namespace Gateway.Telemetry;

/// <summary>
/// Keeps to themselves what ASP.NET Core and YARP quote of requests, whatever level is asked for by <c>Logging</c> as a whole. Who names such a
/// category itself gets it as asked for.
/// </summary>
internal sealed class QuotingLogs : IPostConfigureOptions<LoggerFilterOptions>
{
    /// <summary>The category, and the lowest level at which it quotes nothing.</summary>
    private static readonly (string Category, LogLevel Quiet)[] Quoting =
    [
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning), // the query string of each request
        ("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Information), // the header line that could not be read: a credential, perhaps
        ("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Warning), // the query string, on routes without a policy
    ];

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        // For each provider that has rules of its own (Logging:Console:LogLevel): its most general one goes before all that name no provider.
        var asked = options.Rules.ToList();
        foreach (var provider in asked.Select(rule => rule.ProviderName).Append(null).Distinct())
        {
            foreach (var (category, quiet) in Quoting)
            {
                var general = asked.LastOrDefault(rule => rule.ProviderName == provider && rule.CategoryName is null);
                var nearest = asked.Where(rule => rule.ProviderName == provider && rule.CategoryName is { } prefix && category.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).MaxBy(rule => rule.CategoryName!.Length) ?? general;
                if (nearest?.CategoryName is not { } exact || exact.Length < category.Length)
                {
                    options.Rules.Add(new LoggerFilterRule(provider, category, Higher(nearest?.LogLevel ?? options.MinLevel, quiet), nearest?.Filter));
                }
            }
        }
    }

    private static LogLevel Higher(LogLevel one, LogLevel other) => one > other ? one : other;
}
