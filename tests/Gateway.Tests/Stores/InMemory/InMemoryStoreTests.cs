using Gateway.Stores;
using Gateway.Stores.InMemory;

namespace Gateway.Tests.Stores;

public class InMemoryStoreTests : FakeClockStoreContract
{
    protected override Task<(IIdempotencyStore Store, IStoreInspector Inspector)> OpenAsync()
    {
        var store = new InMemoryStore(Clock);
        return Task.FromResult<(IIdempotencyStore, IStoreInspector)>((store, store));
    }

    protected override Task CloseAsync() => Task.CompletedTask;

    [Fact]
    public async Task Sweeping_reaches_every_shard_however_small_the_batches()
    {
        for (var i = 0; i < 500; i++)
        {
            await ClaimAsync(NewKey(), ShortLease, ShortRetention);
        }

        Clock.Advance(ShortLease + ShortRetention);
        var removed = 0;
        while (await Inspector.SweepAsync(7) is var n and > 0)
        {
            removed += n;
        }

        Assert.Equal(500, removed);
        Assert.Equal(0, await Inspector.CountAsync());
    }
}
