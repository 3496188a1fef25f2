using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Support;

/// <summary>Takes what gateways send by OTLP.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = [];
    private readonly WebApplication _app = WebApplication.CreateSlimBuilder().Build();

    private OtlpReceiver()
    {
    }

    /// <summary>For a gateway that is to send here, and soon.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
    };

    public byte[] Bytes => [.. _received.SelectMany(post => post.Body)];

    public string Text => Encoding.Latin1.GetString(Bytes);

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        receiver._app.Urls.Add("http://127.0.0.1:0");
        receiver._app.MapPost("/{**path}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            receiver._received.Enqueue((request.Path, body.ToArray()));
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <param name="path"><c>/v1/traces</c> or <c>/v1/metrics</c>.</param>
    public bool Holds(string path, string text) => _received.Any(post => post.Path == path && Encoding.Latin1.GetString(post.Body).Contains(text, StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
