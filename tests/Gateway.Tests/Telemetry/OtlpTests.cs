using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry;

/// <summary>What goes out by OTLP, seen by a real receiver of the real program's posts.</summary>
public sealed class OtlpTests : IAsyncLifetime
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private OtlpReceiver _receiver = null!;

    public async Task InitializeAsync() => _receiver = await OtlpReceiver.StartAsync();

    public async Task DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_request_is_one_trace_from_the_client_through_the_store_to_the_backend_and_holds_no_secret()
    {
        await using var gateway = await GatewayProcess.StartAsync(
            GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, """{ "Actor": [ "Header:Authorization" ] }""")),
            _receiver.Environment);
        using var request = Requests.Post("planted-key", """{"card":"planted-body"}""");
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01");
        request.Headers.Add("Authorization", "Bearer planted-credential");
        using var answer = await gateway.Client.SendAsync(request).WithinLimit();
        Assert.Equal(200, (int)answer.StatusCode);

        Assert.StartsWith($"00-{TraceId}-", Assert.Single(_backend.Requests).Header("traceparent"), StringComparison.Ordinal);
        await Bounded.UntilAsync(
            () => Task.FromResult(_receiver.Holds("/v1/traces", "idempotency complete") && _receiver.Holds("/v1/traces", "executed") && _receiver.Holds("/v1/metrics", "gateway.idempotency.requests")),
            all => all);
        var sent = _receiver.Text;
        Assert.Contains("idempotency begin", sent, StringComparison.Ordinal);
        Assert.Contains("proxy.forwarder", sent, StringComparison.Ordinal); // YARP's own
        Assert.Contains("gateway.idempotency.outcome", sent, StringComparison.Ordinal);
        Assert.Contains(Encoding.Latin1.GetString(Convert.FromHexString(TraceId)), sent, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", sent, StringComparison.Ordinal);
    }
}
