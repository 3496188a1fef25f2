using Gateway.Idempotency.Observation;
using Gateway.Stores;

namespace Gateway.Tests.Idempotency.Observation;

public sealed class RecentRequestsTests
{
    private const int Generation = RecentRequests.GenerationSize;

    [Fact]
    public void The_last_ones_are_known_with_what_was_last_put_there()
    {
        var recent = new RecentRequests();
        for (var i = 0; i < Generation; i++)
        {
            Assert.Null(recent.Put(Hash(i), Seen(i)));
        }

        for (var i = 0; i < Generation; i++)
        {
            Assert.Equal(Seen(i), recent.Put(Hash(i), Seen(i + 1_000_000)));
            Assert.Equal(Seen(i + 1_000_000), recent.Put(Hash(i), Seen(i)));
        }
    }

    [Fact]
    public void Those_of_a_generation_ago_are_known_and_those_of_two_are_not()
    {
        var recent = new RecentRequests();
        for (var i = 0; i < 3 * Generation; i++)
        {
            Assert.Null(recent.Put(Hash(i), Seen(i)));
        }

        Assert.Equal(Seen(Generation), recent.Put(Hash(Generation), Seen(0))); // the oldest of the older generation: it makes the third begin
        Assert.Null(recent.Put(Hash(Generation + 1), Seen(0)));
        Assert.Null(recent.Put(Hash(0), Seen(0)));
    }

    [Fact]
    public void Hashes_that_begin_at_the_same_place_are_told_apart()
    {
        var recent = new RecentRequests();
        for (var i = 1UL; i < 1000; i++)
        {
            Assert.Null(recent.Put((i << 16) | 0xFFFF, Seen((int)i))); // the last slot: it goes on at the first
        }

        for (var i = 1UL; i < 1000; i++)
        {
            Assert.Equal(Seen((int)i), recent.Put((i << 16) | 0xFFFF, Seen(0)));
        }
    }

    private static ulong Hash(int i) => (ulong)i * 0x9E3779B97F4A7C15;

    private static RecentRequests.Seen Seen(int i) => new(new RecordKey((UInt128)(uint)i), DateTimeOffset.UnixEpoch);
}
