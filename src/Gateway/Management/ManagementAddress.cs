using Gateway.Configuration;

namespace Gateway.Management;

/// <summary>Where a gateway that runs with a configuration has its management listener.</summary>
internal static class ManagementAddress
{
    /// <summary>
    /// <c>Management:Url</c> and nothing else: a routes file that is broken does not harm the gateway that runs, and must not
    /// make it look dead.
    /// </summary>
    /// <param name="configuration">The gateway's own, apart from the routes file.</param>
    public static Uri Of(ConfigurationManager configuration)
    {
        try
        {
            configuration.AddRoutesFile();
        }
        catch (ConfigurationFaultException)
        {
            // Then what the environment and the command line say, or the default.
        }

        var text = configuration["Management:Url"] ?? GatewaySettings.DefaultManagementUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            throw new FormatException($"Management:Url '{text}' is not an address.");
        }

        // It may listen on all addresses, which nobody can call.
        return address.Host is "0.0.0.0" or "[::]" ? new UriBuilder(address) { Host = "127.0.0.1" }.Uri : address;
    }
}
