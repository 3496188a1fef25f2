using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Tests.Idempotency.Request;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public async Task A_body_exactly_at_the_limit_is_taken_whether_its_length_is_announced_or_not(int length)
    {
        var bytes = Bytes(length);

        Assert.Equal(bytes, await ReadAsync(bytes, limit: length, announced: length));
        Assert.Equal(bytes, await ReadAsync(bytes, limit: length, announced: null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public async Task A_body_one_byte_over_the_limit_is_refused_whether_its_length_is_announced_or_not(int length)
    {
        var bytes = Bytes(length);

        Assert.Null(await ReadAsync(bytes, limit: length - 1, announced: length));
        Assert.Null(await ReadAsync(bytes, limit: length - 1, announced: null));
    }

    [Fact]
    public async Task A_body_that_is_announced_as_too_large_is_not_read_at_all()
    {
        using var stream = new ChunkedStream(Bytes(11), 4);

        Assert.Null(await RequestBody.ReadAsync(Request(stream, announced: 11), 10, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None));
        Assert.Equal(0, stream.Reads);
    }

    [Fact]
    public async Task A_body_that_outgrows_the_limit_is_not_read_to_its_end()
    {
        using var stream = new ChunkedStream(Bytes(1_000_000), 1000);

        Assert.Null(await RequestBody.ReadAsync(Request(stream, announced: null), 10_000, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None));
        Assert.Equal(11, stream.Reads);
    }

    [Fact]
    public async Task A_body_of_announced_length_is_not_read_past_its_end()
    {
        using var stream = new ChunkedStream(Bytes(10), 5);

        Assert.NotNull(await RequestBody.ReadAsync(Request(stream, announced: 10), 10, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None));
        Assert.Equal(2, stream.Reads);
    }

    [Theory]
    [InlineData(1, 5000)]
    [InlineData(7, 40_000)]
    [InlineData(4096, 65_536)]
    [InlineData(7919, 1_000_003)]
    public async Task A_body_that_comes_in_pieces_is_the_same_to_the_byte(int piece, int length)
    {
        var bytes = Bytes(length);

        foreach (var announced in new long?[] { null, length })
        {
            using var stream = new ChunkedStream(bytes, piece);
            var body = await RequestBody.ReadAsync(Request(stream, announced), 1 << 20, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None);

            Assert.Equal(bytes, body!.Bytes.ToArray());
            Assert.Equal(length, body.Length);
            body.Release();
        }
    }

    [Fact]
    public async Task A_body_that_ends_before_its_announced_length_is_what_came()
    {
        // A server throws here; a stream that does not must not be waited for forever.
        Assert.Equal(Bytes(3), await ReadAsync(Bytes(3), limit: 10, announced: 10));
    }

    [Fact]
    public async Task A_request_that_cannot_have_a_body_has_an_empty_one_and_is_not_read()
    {
        using var stream = new ChunkedStream(Bytes(5), 5);
        var request = Request(stream, announced: null);
        request.HttpContext.Features.Set<IHttpRequestBodyDetectionFeature>(new NoBody());

        var body = await RequestBody.ReadAsync(request, 10, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None);

        Assert.Equal(0, body!.Length);
        Assert.Equal(0, stream.Reads);
        Assert.Equal(Hash([]), Hex.Of(body.RawDigest()));
    }

    [Fact]
    public async Task The_servers_own_limit_gives_way_to_the_policys()
    {
        var request = Request(new MemoryStream(Bytes(5)), announced: 5);
        var limit = new ServerLimit { MaxRequestBodySize = 3 };
        request.HttpContext.Features.Set<IHttpMaxRequestBodySizeFeature>(limit);

        Assert.NotNull(await RequestBody.ReadAsync(request, 10, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None));
        Assert.Null(limit.MaxRequestBodySize);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public async Task What_the_stream_throws_is_what_the_reader_hears(int before)
    {
        using var stream = new ChunkedStream(Bytes(before), 1000, new IOException("The client went away."));

        var thrown = await Assert.ThrowsAsync<IOException>(async () => await RequestBody.ReadAsync(Request(stream, announced: null), 1 << 20, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None));

        Assert.Equal("The client went away.", thrown.Message);
    }

    [Fact]
    public async Task A_cancelled_read_is_cancelled()
    {
        using var stream = new ChunkedStream(Bytes(10), 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await RequestBody.ReadAsync(Request(stream, announced: null), 100, new BodyFiles(BufferingOptions.Default), putBack: false, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Nobody_can_hold_a_body_that_its_last_holder_has_let_go()
    {
        var body = await Requests.BodyAsync(Bytes(10));

        body.Release();

        Assert.False(body.TryHold());
        Assert.False(body.TryHold());
    }

    [Fact]
    public async Task A_body_stays_while_anybody_holds_it()
    {
        var body = await Requests.BodyAsync(Bytes(10));

        Assert.True(body.TryHold());
        body.Release();
        Assert.Equal(Bytes(10), body.Bytes.ToArray());
        Assert.True(body.TryHold());
        body.Release();
        body.Release();

        Assert.False(body.TryHold());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(70_000)]
    public async Task The_raw_digest_covers_version_kind_length_and_every_byte(int length)
    {
        var bytes = Bytes(length);
        var body = await Requests.BodyAsync(bytes);

        Assert.Equal(Hash(bytes), Hex.Of(body.RawDigest()));
        Assert.Equal(Hash(bytes), Hex.Of(body.RawDigest()));
        Assert.Equal(bytes, body.Bytes.ToArray());
    }

    /// <summary>By its description: SHA-256 over 1, 5, the length in four bytes, the body; the first 16 bytes of it.</summary>
    private static string Hash(byte[] body)
    {
        var list = new byte[6 + body.Length];
        list[0] = 1;
        list[1] = 5;
        BinaryPrimitives.WriteInt32BigEndian(list.AsSpan(2), body.Length);
        body.CopyTo(list, 6);
        return Convert.ToHexStringLower(SHA256.HashData(list).AsSpan(0, 16));
    }

    private static async Task<byte[]?> ReadAsync(byte[] bytes, int limit, long? announced)
    {
        var body = await RequestBody.ReadAsync(Request(new MemoryStream(bytes), announced), limit, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None);
        return body?.Bytes.ToArray();
    }

    private static HttpRequest Request(Stream stream, long? announced)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = stream;
        request.ContentLength = announced;
        return request;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i * 31) ^ (i >> 8));
        }

        return bytes;
    }

    /// <summary>Gives so many bytes a read, then the end or a fault.</summary>
    private sealed class ChunkedStream(byte[] bytes, int piece, Exception? atEnd = null) : Stream
    {
        private int _at;

        public int Reads { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(buffer.Length > 0, "A read into nothing looks like the end.");
            cancellationToken.ThrowIfCancellationRequested();
            Reads++;
            var count = Math.Min(Math.Min(piece, buffer.Length), bytes.Length - _at);
            if (count == 0 && atEnd is not null)
            {
                return ValueTask.FromException<int>(atEnd);
            }

            bytes.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return new(count);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A body is read without blocking.");

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => false;
    }

    private sealed class ServerLimit : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly => false;

        public long? MaxRequestBodySize { get; set; }
    }
}
