using BenchmarkDotNet.Attributes;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;

namespace Gateway.Benchmarks.Parts;

/// <summary>What is done to an answer between the backend and the store, and back.</summary>
[MemoryDiagnoser]
public class AnswerBenchmarks
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly IdempotencyPolicy _policy = new() { Name = "p", Actor = ActorRules.Shared };
    private readonly DefaultHttpContext _context = new();
    private byte[] _body = [];
    private byte[] _record = [];

    [Params(1024, 65536)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Pack()
    {
        _body = new byte[Size];
        new Random(1).NextBytes(_body);
        _context.Response.StatusCode = StatusCodes.Status201Created;
        _context.Response.Headers.ContentType = "application/json";
        _context.Response.Headers.Location = "/payments/4711";
        _context.Response.Headers.CacheControl = "no-store";
        using var answer = Captured();
        _record = AnswerPacker.Pack(_context, _policy, AnswerKind.Whole, answer, trailers: null, outer: null, Now).ToArray();
        if (!AnswerRecord.Read(_record).Body.Span.SequenceEqual(_body))
        {
            throw new InvalidOperationException("The record does not hold the answer.");
        }
    }

    [Benchmark]
    public int CaptureAndPack()
    {
        using var answer = Captured();
        return AnswerPacker.Pack(_context, _policy, AnswerKind.Whole, answer, trailers: null, outer: null, Now).Length;
    }

    [Benchmark]
    public int ReadRecord() => AnswerRecord.Read(_record).Status;

    private AnswerBuffer Captured()
    {
        var answer = new AnswerBuffer(Size + 1);
        _body.CopyTo(answer.Free());
        answer.Advance(Size);
        return answer;
    }
}
