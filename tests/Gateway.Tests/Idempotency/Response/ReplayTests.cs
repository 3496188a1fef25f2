using Gateway.Idempotency.Response;

namespace Gateway.Tests.Idempotency.Response;

public sealed class ReplayTests
{
    [Fact]
    public async Task A_replay_says_so_whatever_the_backend_had_said()
    {
        var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(200, null, ("Idempotent-Replayed", "false")), []));

        Assert.Equal(["true"], replayed.Headers["Idempotent-Replayed"].ToList());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    [InlineData(500)]
    [InlineData(599)]
    public async Task A_fault_of_the_backend_is_replayed_like_any_answer(int status)
    {
        var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(status, "Odd", ("Content-Type", "text/plain")), "no"u8.ToArray()));

        Assert.Equal((status, "Odd"), (replayed.Status, replayed.Reason));
        Assert.Equal("no"u8.ToArray(), replayed.Body);
    }

    [Fact]
    public async Task Every_replay_of_a_record_is_the_same()
    {
        var record = Answers.Pack(Answers.Context(200, null, ("X-Tag", new(["a", "b"]))), [1, 2, 3]);

        foreach (var replayed in new[] { await Answers.ReplayAsync(record), await Answers.ReplayAsync(record) })
        {
            Assert.Equal(["a", "b"], replayed.Headers["X-Tag"].ToList());
            Assert.Equal([1, 2, 3], replayed.Body);
        }
    }

    [Theory]
    [InlineData(101, false)]
    [InlineData(199, false)]
    [InlineData(200, true)]
    [InlineData(203, true)]
    [InlineData(204, false)]
    [InlineData(205, false)]
    [InlineData(206, true)]
    [InlineData(303, true)]
    [InlineData(304, false)]
    [InlineData(404, true)]
    [InlineData(599, true)]
    public void Only_some_statuses_have_no_body_by_definition(int status, bool mayHaveBody) =>
        Assert.Equal(mayHaveBody, StatusRules.MayHaveBody(status));
}
