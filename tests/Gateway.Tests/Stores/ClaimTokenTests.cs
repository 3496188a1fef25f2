using Gateway.Stores;

namespace Gateway.Tests.Stores;

public sealed class ClaimTokenTests
{
    [Fact]
    public void No_two_are_the_same_on_one_thread_or_on_several()
    {
        var made = new ClaimToken[10_000];
        Parallel.For(0, made.Length, i => made[i] = ClaimToken.New());
        Assert.Equal(made.Length, made.Distinct().Count());
        Assert.DoesNotContain(default(ClaimToken), made);
    }
}
