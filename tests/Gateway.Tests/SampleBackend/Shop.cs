using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.SampleBackend;

/// <summary>The sample backend in process, on a real Kestrel and a free port.</summary>
internal sealed class Shop : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Shop(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public static async Task<Shop> OpenAsync(TimeProvider? clock = null, string? ledgerPath = null, Action<WebApplication>? configure = null)
    {
        string[] args =
        [
            "--urls", "http://127.0.0.1:0",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime", nameof(LogLevel.Warning),
            "--shutdownTimeoutSeconds", "600", // A stop that waits for a request must be seen, not be saved by the time limit.
        ];
        var app = global::SampleBackend.Program.Build(
            ledgerPath is null ? args : [.. args, "--Ledger:Path", ledgerPath], clock ?? TimeProvider.System);
        configure?.Invoke(app);
        await app.StartAsync();
        return new Shop(app);
    }

    public Task<HttpResponseMessage> ConfirmAsync(
        string orderId, string body = """{ "amount": 49.90, "currency": "EUR" }""", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, $"/payments/{orderId}/confirm", body, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    public async Task<int> CountAsync() => (await LedgerAsync()).GetProperty("count").GetInt32();

    public Task<JsonElement> LedgerAsync(string query = "") => Client.GetFromJsonAsync<JsonElement>($"/ledger{query}");

    /// <summary>Sends a payment over a bare socket, on which whatever comes back can be read byte by byte.</summary>
    public async Task<TcpClient> ConfirmOverSocketAsync(string orderId, string knob)
    {
        const string Body = """{"amount":49.90,"currency":"EUR"}""";
        var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", Client.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /payments/{orderId}/confirm HTTP/1.1\r\nHost: shop\r\n{knob}\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
        return socket;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
