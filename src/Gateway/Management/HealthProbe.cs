namespace Gateway.Management;

/// <summary>
/// <c>gateway health</c>: asks a running gateway whether it is ready. For containers and process managers: its image has no shell
/// and no curl.
/// </summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <param name="management">Where the gateway was told to listen (<c>Management:Url</c>); read from the same settings.</param>
    /// <returns>The exit code: 0, it is ready; 1, it is not, or does not answer.</returns>
    public static async Task<int> RunAsync(Uri management)
    {
        using var client = new HttpClient { Timeout = Limit };
        try
        {
            // It may listen on all addresses (0.0.0.0), which nobody can call.
            var address = new UriBuilder(management) { Host = management.Host is "0.0.0.0" or "[::]" or "*" or "+" ? "127.0.0.1" : management.Host, Path = "/health/ready" }.Uri;
            using var answer = await client.GetAsync(address);
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
