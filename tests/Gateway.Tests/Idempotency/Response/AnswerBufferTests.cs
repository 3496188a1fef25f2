namespace Gateway.Tests.Idempotency.Response;

public sealed class AnswerBufferTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(3000, 1)]
    [InlineData(100_000, 4096)]
    [InlineData(1_000_003, 7919)]
    public void A_body_that_comes_in_pieces_is_the_same_to_the_byte(int length, int piece)
    {
        var body = Enumerable.Range(0, length).Select(i => (byte)(i * 31 ^ (i >> 8))).ToArray();

        using var buffer = Answers.Buffer(body, piece);

        Assert.Equal(length, buffer.Length);
        Assert.Equal(body, buffer.Body.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(9000)]
    public void A_head_is_put_right_before_the_body(int headLength)
    {
        var head = Enumerable.Range(0, headLength).Select(i => (byte)(i + 1)).ToArray();
        byte[] body = [7, 7, 7];
        using var buffer = Answers.Buffer(body);

        Assert.Equal([.. head, .. body], buffer.Prepend(head).ToArray());
        Assert.Equal(body, buffer.Body.ToArray());
    }

    [Fact]
    public void Bytes_that_a_store_may_still_read_stay_after_the_buffer_is_let_go()
    {
        var buffer = Answers.Buffer([1, 2, 3]);
        var record = buffer.Prepend([9]);

        buffer.Abandon();
        buffer.Dispose();

        Assert.Equal([9, 1, 2, 3], record.ToArray());
        Assert.Equal([1, 2, 3], buffer.Body.ToArray());
    }
}
