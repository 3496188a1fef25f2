using System.Text.Json;

namespace SampleBackend;

internal static class JsonBody
{
    /// <summary>The body as JSON whatever its content type says, or null when it is not the JSON that was asked for.</summary>
    public static async Task<T?> ReadAsync<T>(HttpRequest request)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, Program.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
