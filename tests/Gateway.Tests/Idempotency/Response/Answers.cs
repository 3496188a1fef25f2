using System.Collections.Frozen;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Response;

/// <summary>Answers to pack, and what comes of replaying them.</summary>
internal static class Answers
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static readonly IdempotencyPolicy Policy = new() { Name = "payments", Actor = ActorRules.Shared };

    public static HttpContext Context(int status = 200, string? reason = null, params (string Name, StringValues Values)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Response.Body = new MemoryStream();
        context.Response.StatusCode = status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = reason;
        Add(context.Response.Headers, headers);
        return context;
    }

    public static IHeaderDictionary Trailers(params (string Name, StringValues Values)[] trailers)
    {
        var dictionary = new HeaderDictionary();
        Add(dictionary, trailers);
        return dictionary;
    }

    public static byte[] Pack(
        HttpContext context, byte[] body, IHeaderDictionary? trailers = null, IdempotencyPolicy? policy = null, FrozenSet<string>? outer = null, AnswerKind kind = AnswerKind.Whole)
    {
        using var buffer = Buffer(body);
        return AnswerPacker.Pack(context, policy ?? Policy, kind, buffer, trailers, outer, Now).ToArray();
    }

    /// <summary>As a backend's answer comes: in pieces.</summary>
    public static AnswerBuffer Buffer(byte[] body, int piece = 1000)
    {
        var buffer = new AnswerBuffer(0);
        for (var at = 0; at < body.Length;)
        {
            var free = buffer.Free();
            Assert.True(free.Length > 0, "There is always room for at least one byte.");
            var count = Math.Min(Math.Min(free.Length, piece), body.Length - at);
            body.AsSpan(at, count).CopyTo(free.Span);
            buffer.Advance(count);
            at += count;
        }

        return buffer;
    }

    /// <summary>The kept header lines, in their order.</summary>
    public static List<(string Name, string Value)> Headers(byte[] record) => Head(record).Headers;

    public static (string? Reason, List<(string Name, string Value)> Headers, List<(string Name, string Value)> Trailers) Head(byte[] record)
    {
        var head = AnswerRecord.Read(record).ReadHead();
        var reason = head.ReadReasonPhrase();
        var headers = new List<(string, string)>();
        for (var left = head.ReadCount(); left > 0; left--)
        {
            headers.Add(head.ReadLine());
        }

        var trailers = new List<(string, string)>();
        for (var left = head.ReadCount(); left > 0; left--)
        {
            trailers.Add(head.ReadLine());
        }

        return (reason, headers, trailers);
    }

    public static async Task<Replayed> ReplayAsync(byte[] record, bool withTrailers = true)
    {
        var context = Context();
        var trailers = new TrailersFeature();
        if (withTrailers)
        {
            context.Features.Set<IHttpResponseTrailersFeature>(trailers);
        }

        await Replay.WriteAsync(context, AnswerRecord.Read(record), KeyReading.Valid("k", "k"), Policy);
        return new Replayed(context, trailers.Trailers);
    }

    private static void Add(IHeaderDictionary dictionary, (string Name, StringValues Values)[] headers)
    {
        foreach (var (name, values) in headers)
        {
            // Not the indexer: it takes an empty value for none.
            ((IDictionary<string, StringValues>)dictionary).Add(name, values);
        }
    }

    internal sealed class Replayed(HttpContext context, IHeaderDictionary trailers)
    {
        public int Status => context.Response.StatusCode;

        public string? Reason => context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase;

        public IHeaderDictionary Headers => context.Response.Headers;

        public IHeaderDictionary Trailers => trailers;

        public byte[] Body => ((MemoryStream)context.Response.Body).ToArray();
    }

    private sealed class TrailersFeature : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }
}
