using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Benchmarks.Parts;

/// <summary>A document of many small members, as bodies are.</summary>
[MemoryDiagnoser]
public class FingerprintBenchmarks
{
    private static readonly FingerprintRules AsRaw = new() { Body = BodyReading.Raw };
    private static readonly FingerprintRules AsJson = new() { Body = BodyReading.Json };

    private HttpRequest _request = null!;
    private RequestBody _body = null!;

    [Params(1024, 65536, 1 << 20)]
    public int Size { get; set; }

    [GlobalSetup]
    public async Task ReadAsync()
    {
        _body = await BodyAsync(", ");
        var spaced = await BodyAsync(",\n ");
        if (Json() != FingerprintReader.Read(_request, spaced, AsJson).Body || Raw() == FingerprintReader.Read(_request, spaced, AsRaw).Body)
        {
            throw new InvalidOperationException("Bodies that mean the same have two fingerprints, or other bytes have one.");
        }
    }

    [Benchmark(Baseline = true)]
    public UInt128 Raw() => FingerprintReader.Read(_request, _body, AsRaw).Body;

    [Benchmark]
    public UInt128 Json() => FingerprintReader.Read(_request, _body, AsJson).Body;

    private async Task<RequestBody> BodyAsync(string comma)
    {
        var text = new StringBuilder("{\"amount\":49.90");
        for (var i = 0; i < Size / 28; i++) // of some 28 bytes each, however they are spaced
        {
            text.Append(comma).Append(CultureInfo.InvariantCulture, $"\"member{i:D6}\":\"value {i}\"");
        }

        var bytes = Encoding.UTF8.GetBytes(text.Append('}').ToString());
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", "/payments/1/confirm", "application/json");
        context.Request.Body = new MemoryStream(bytes);
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new HasBody());
        _request ??= context.Request;
        return (await RequestBody.ReadAsync(context.Request, 8 << 20, new BodyFiles(BufferingOptions.Default with { MemoryThreshold = 8 << 20 }), putBack: false, CancellationToken.None))!;
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }
}
