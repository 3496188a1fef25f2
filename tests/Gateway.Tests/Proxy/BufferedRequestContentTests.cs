using Gateway.Idempotency.Request;
using Gateway.Proxy;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Proxy;

/// <summary>The proof that nothing was sent, and the refusal to send twice.</summary>
public sealed class BufferedRequestContentTests
{
    [Theory]
    [InlineData("hello")]
    [InlineData("")]
    public async Task Once_asked_for_there_is_no_proof_any_more_not_even_for_an_empty_body(string text)
    {
        using var content = new BufferedRequestContent(await BodyAsync(text));
        Assert.Equal(text, await content.ReadAsStringAsync());
        Assert.False(content.TryProveUntouched());
    }

    [Fact]
    public async Task After_the_proof_nothing_can_be_sent()
    {
        using var content = new BufferedRequestContent(await BodyAsync("hello"));
        Assert.True(content.TryProveUntouched());
        using var wire = new MemoryStream();
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(wire));
        Assert.Equal(0, wire.Length);
        Assert.True(content.TryProveUntouched());
    }

    [Fact]
    public async Task A_second_send_is_refused()
    {
        using var content = new BufferedRequestContent(await BodyAsync("hello"));
        using var wire = new MemoryStream();
        await content.CopyToAsync(wire);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(wire));
        Assert.Equal(5, wire.Length);
    }

    [Fact]
    public async Task A_send_that_goes_on_after_the_request_has_ended_keeps_its_bytes()
    {
        var body = await BodyAsync("hello");
        using var content = new BufferedRequestContent(body);
        using var wire = new HoldingStream();
        var sending = content.CopyToAsync(wire);
        await wire.Writing;
        body.Release(); // the request is over; its buffer must not return to the pool under the write
        wire.Proceed();
        await sending;
        Assert.Equal("hello"u8.ToArray(), wire.Written);
        Assert.False(body.TryHold());
    }

    private static async Task<RequestBody> BodyAsync(string text)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        return (await RequestBody.ReadAsync(context.Request, 100, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None))!;
    }

    private sealed class HoldingStream : MemoryStream
    {
        private readonly TaskCompletionSource _writing = new();
        private readonly TaskCompletionSource _proceed = new();

        public Task Writing => _writing.Task;

        public byte[] Written { get; private set; } = [];

        public void Proceed() => _proceed.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _writing.SetResult();
            await _proceed.Task;
            Written = buffer.ToArray();
        }
    }
}
