using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Gateway.Tests.Support;

/// <summary>The requests and checks that most end-to-end tests are made of.</summary>
internal static class Requests
{
    public const string Payment = """{"amount":49.90,"currency":"EUR"}""";

    /// <summary>A key with characters that only a string can have (RFC 9651, section 3.3.3).</summary>
    public static string Quoted(string key) => $"\"{key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    public static HttpRequestMessage Post(string? key, string body = Payment, string path = "/payments/1/confirm", string type = "application/json")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        return request;
    }

    public static Task<HttpResponseMessage> PostAsync(
        this HttpClient client, string? key, string body = Payment, string path = "/payments/1/confirm", CancellationToken cancellationToken = default)
    {
        var request = Post(key, body, path);
        request.Version = client.DefaultRequestVersion; // HttpClient applies its defaults only to requests that it makes itself
        request.VersionPolicy = client.DefaultVersionPolicy;
        return client.SendAsync(request, cancellationToken).WithinLimit();
    }

    public static bool IsReplay(this HttpResponseMessage response) =>
        response.Headers.TryGetValues("Idempotent-Replayed", out var values) && values.Single() == "true";

    public static string? Status(this HttpResponseMessage response) =>
        response.Headers.TryGetValues("Idempotency-Status", out var values) ? values.Single() : null;

    /// <summary>The problem's code; fails unless the answer is a problem of the gateway.</summary>
    public static async Task<string> CodeAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("code").GetString()!;
    }

    public static async Task ShouldBeAsync(this HttpResponseMessage response, int status, string code)
    {
        Assert.Equal((status, code), ((int)response.StatusCode, await response.CodeAsync()));
    }
}
