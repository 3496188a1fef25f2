using Gateway.Idempotency.Request;

namespace Gateway.Tests.Idempotency.Request;

public sealed class DigestMemoTests
{
    [Fact]
    public void It_answers_as_the_digest_itself_whatever_came_before()
    {
        var memo = new DigestMemo();
        var random = new Random(1);
        byte[][] lists = [[], [1], [2], new byte[512], new byte[513], [.. Enumerable.Repeat((byte)7, 512)], [1, 2, 3], [1, 2], [.. Enumerable.Repeat((byte)7, 513)]];
        for (var i = 0; i < 500; i++)
        {
            var list = lists[random.Next(lists.Length)];
            Assert.Equal(Digest.Of(list), memo.Of(list));
        }
    }
}
