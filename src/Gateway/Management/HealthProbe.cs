using Gateway.Configuration;

namespace Gateway.Management;

/// <summary>
/// <c>gateway health</c>: asks a running gateway whether it is ready. For containers and process managers: its image has no shell
/// and no curl.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <param name="configuration">The gateway's own, apart from the routes file.</param>
    /// <returns>The exit code: 0, it is ready; 1, it is not, or does not answer.</returns>
    public static async Task<int> RunAsync(ConfigurationManager configuration)
    {
        var management = Address(configuration);
        using var client = new HttpClient { Timeout = Limit };
        try
        {
            using var answer = await client.GetAsync(new Uri(management, "/health/ready"));
            await Console.Out.WriteLineAsync(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"No gateway answers at {management}: {e.Message}");
            return 1;
        }
    }

    /// <summary>
    /// <c>Management:Url</c> and nothing else: a routes file that is broken does not harm the gateway that runs, and must not
    /// make it look dead.
    /// </summary>
    private static Uri Address(ConfigurationManager configuration)
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
