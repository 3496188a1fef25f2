using BenchmarkDotNet.Attributes;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Benchmarks.Parts;

[MemoryDiagnoser]
public class KeyBenchmarks
{
    private readonly KeyRules _rules = new();
    private readonly KeyRules _aliases = new() { Aliases = ["X-Idempotency-Key", "PayPal-Request-Id"] };
    private readonly HeaderDictionary _quoted = new() { ["Idempotency-Key"] = "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"" };
    private readonly HeaderDictionary _bare = new() { ["Idempotency-Key"] = "8e03978e-40d5-43e8-bc93-6894a57f9324" };

    [GlobalSetup]
    public void Check()
    {
        const string key = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        if (Quoted() != key || Bare() != key || Aliases() != key)
        {
            throw new InvalidOperationException("A key is not read as it should be.");
        }
    }

    [Benchmark]
    public string? Quoted() => KeyReader.Read(_quoted, _rules).Key;

    [Benchmark]
    public string? Bare() => KeyReader.Read(_bare, _rules).Key;

    [Benchmark]
    public string? Aliases() => KeyReader.Read(_bare, _aliases).Key;

    [Benchmark]
    public UInt128 RecordName() => RecordKeys.Of("confirm-payment", 7, "8e03978e-40d5-43e8-bc93-6894a57f9324").Value;

    [Benchmark]
    public UInt128 Claim() => ClaimToken.New().Value;
}
