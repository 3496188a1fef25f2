using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>HTTP/2 backends, frame by frame: resets, refusals, answers that are shorter than they say.</summary>
public sealed class Http2BackendTests
{
    private const int InternalError = 2;
    private const int RefusedStream = 7;
    private const int Http11Required = 13;

    [Fact]
    public async Task A_whole_answer_over_HTTP_2_is_kept()
    {
        await using var backend = Start(async (h2, stream) =>
        {
            await h2.SendHeadersAsync(stream, end: false, ("content-length", "4"));
            await h2.SendDataAsync(stream, "paid", end: true);
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal("paid", await first.Content.ReadAsStringAsync());
        Assert.True(retry.IsReplay());
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("100", "half")]
    [InlineData("1", "more")]
    public async Task An_answer_of_another_length_than_announced_is_not_whole(string announced, string sent)
    {
        // RFC 9113, section 8.1.1: malformed. SocketsHttpHandler does not compare the two.
        await using var backend = Start(async (h2, stream) =>
        {
            await h2.SendHeadersAsync(stream, end: false, ("content-length", announced));
            await h2.SendDataAsync(stream, sent, end: true);
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData(InternalError)]
    [InlineData(RefusedStream)]
    [InlineData(Http11Required)]
    public async Task A_stream_that_is_reset_is_unknown_and_its_body_is_not_sent_again(int code)
    {
        var whole = 0;
        await using var backend = Start((h2, stream) =>
        {
            Interlocked.Increment(ref whole);
            return h2.ResetAsync(stream, code);
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Equal(1, whole);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_connection_that_goes_away_is_unknown_and_the_request_is_not_sent_again(int last)
    {
        var whole = 0;
        await using var backend = RawBackend.StartRaw(async (connection, self) =>
        {
            var h2 = new RawHttp2(connection);
            await h2.StartAsync();
            await h2.ReadRequestAsync(self);
            Interlocked.Increment(ref whole);
            await h2.GoAwayAsync(last);
            connection.Close();
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k");
        await first.ShouldBeAsync(502, "outcome-unknown");
        using var retry = await gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Equal(1, whole);
    }

    [Fact]
    public async Task Past_the_deadline_with_the_head_sent_and_the_window_closed_the_outcome_is_unknown()
    {
        var large = new string('x', 500_000); // more than the window of 64 KB, which is never opened
        await using var backend = Start((_, _) => Task.Delay(Timeout.Infinite));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "Deadline": "00:00:01" }""", cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k", large);
        await first.ShouldBeAsync(504, "outcome-unknown");
        using var retry = await gateway.Client.PostAsync("k", large);
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task An_early_answer_counts_although_the_body_was_never_taken()
    {
        var large = new string('x', 500_000);
        await using var backend = RawBackend.StartRaw(async (connection, self) =>
        {
            var h2 = new RawHttp2(connection);
            await h2.StartAsync();
            var head = await h2.ReadAsync();
            self.Record(new RawRequest("HEADERS\r\n", []));
            await h2.SendHeadersAsync(head.Stream, end: false);
            await h2.SendDataAsync(head.Stream, "no need", end: true);
            await h2.ResetAsync(head.Stream, 0);
            while (true)
            {
                await h2.ReadAsync();
            }
        });
        await using var gateway = await TestGateway.StartAsync(backend.Address, cluster: RawHttp2.Cluster);
        using var first = await gateway.Client.PostAsync("k", large);
        Assert.Equal("no need", await first.Content.ReadAsStringAsync());
        using var retry = await gateway.Client.PostAsync("k", large);
        Assert.True(retry.IsReplay());
        Assert.Single(backend.Requests);
    }

    private static RawBackend Start(Func<RawHttp2, int, Task> respond) => RawBackend.StartRaw(async (connection, self) =>
    {
        var h2 = new RawHttp2(connection);
        await h2.StartAsync();
        while (true)
        {
            await respond(h2, await h2.ReadRequestAsync(self));
        }
    });
}
