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
        var management = ManagementAddress.Of(configuration);
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
}
