using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Support;

/// <summary>A client of the admin API that is no browser.</summary>
internal sealed class Admin(TestGateway gateway) : IDisposable
{
    public const string By = "ann";

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = gateway.Management, Timeout = Bounded.Limit };

    public async Task<JsonNode> ReadAsync(string path)
    {
        using var answer = await Client.GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>The one record of a client's key.</summary>
    public async Task<JsonNode> RecordAsync(string key = "k") => Assert.Single((await ReadAsync($"/admin/records?key={Uri.EscapeDataString(key)}"))["records"]!.AsArray())!;

    public Task<JsonNode> ShowAsync(JsonNode record, string query = "") => ReadAsync($"/admin/records/{record["id"]}{query}");

    /// <summary>Null: there is none.</summary>
    public async Task<string?> StateAsync(string key = "k") => (string?)(await ReadAsync($"/admin/records?key={Uri.EscapeDataString(key)}"))["records"]!.AsArray().SingleOrDefault()?["state"];

    public static JsonObject Released(JsonNode record) => new() { ["outcome"] = "released", ["version"] = (string)record["version"]!, ["by"] = By, ["reason"] = "no charge in the ledger" };

    public static JsonObject Completed(JsonNode record, JsonNode answer)
    {
        var call = Released(record);
        (call["outcome"], call["answer"]) = ("completed", answer);
        return call;
    }

    public Task<HttpResponseMessage> ResolveAsync(JsonNode record, JsonNode call) => Client.PostAsJsonAsync($"/admin/records/{record["id"]}/resolve", call);

    public Task<HttpResponseMessage> DeleteAsync(JsonNode record, JsonNode? call = null) => Client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/admin/records/{record["id"]}")
    {
        Content = JsonContent.Create(call ?? new JsonObject { ["version"] = (string)record["version"]!, ["by"] = By, ["reason"] = "the customer asked" }),
    });

    public void Dispose() => Client.Dispose();
}

internal static class AdminAnswers
{
    /// <summary>Fails unless it is a problem with that status whose title and detail have that text.</summary>
    public static async Task ShouldBeProblemAsync(this HttpResponseMessage answer, int status, string text)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status && answer.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType} {body}");
        var problem = JsonNode.Parse(body)!;
        Assert.Contains(text, $"{problem["title"]}. {problem["detail"]}", StringComparison.Ordinal);
    }

    public static async Task ShouldBeAsync(this HttpResponseMessage answer, int status)
    {
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public static string Text(this byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
