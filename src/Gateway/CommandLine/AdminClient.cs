using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Management;

namespace Gateway.CommandLine;

/// <summary>Calls the admin API of the gateway that runs with this configuration.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;

    /// <param name="configuration">The gateway's own, apart from the routes file.</param>
    public AdminClient(ConfigurationManager configuration)
    {
        Address = ManagementAddress.Of(configuration);
        _client = new HttpClient { BaseAddress = Address, Timeout = Limit };
        if (configuration["Management:ApiKey"] is { Length: > 0 } key)
        {
            _client.DefaultRequestHeaders.TryAddWithoutValidation("X-Api-Key", key);
        }
    }

    public Uri Address { get; }

    public void Dispose() => _client.Dispose();

    /// <returns>The answer's JSON; null where it has none.</returns>
    /// <exception cref="AdminException">With what the gateway says, or that there is none.</exception>
    public async Task<JsonNode?> CallAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        try
        {
            using var answer = await _client.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode ? (text.Length == 0 ? null : JsonNode.Parse(text)) : throw new AdminException(Explain(answer.StatusCode, text));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new AdminException($"No gateway answers at {Address}: {e.Message}");
        }
        catch (JsonException)
        {
            throw new AdminException($"What answers at {Address} is no gateway's management listener.");
        }
    }

    private static string Explain(HttpStatusCode status, string text)
    {
        if (status == HttpStatusCode.Unauthorized)
        {
            return "The management key is missing or wrong. Give it as Management__ApiKey in the environment, or by --Management:ApiKey=….";
        }

        try
        {
            var problem = JsonNode.Parse(text)!;
            return $"{(string?)problem["title"]}. {(string?)problem["detail"]}";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            return $"The gateway answered {(int)status}.";
        }
    }
}

/// <summary>A call that came to nothing; the message is for the one who made it.</summary>
internal sealed class AdminException(string message) : Exception(message);
