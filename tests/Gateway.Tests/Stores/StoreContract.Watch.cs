using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>What <see cref="IRecordWatch"/> promises.</summary>
public abstract partial class StoreContract
{
    private IRecordWatch Watch => (IRecordWatch)Inspector;

    [ServerTheory]
    [InlineData(Was.None)]
    [InlineData(Was.Lapsed)]
    [InlineData(Was.Unknown)]
    [InlineData(Was.Completed)]
    [InlineData(Was.ExpiredCompleted)]
    public async Task A_record_that_nobody_has_to_wait_for_is_told_of(Was state)
    {
        var (running, settled) = (NewKey(), NewKey());
        await ArrangeAsync(settled, state);
        await ClaimAsync(running, lease: TimeSpan.FromMinutes(5));
        Assert.Equal([settled], await Watch.FindSettledAsync([running, settled]));
        Assert.Empty(await Watch.FindSettledAsync([running]));
        Assert.Empty(await Watch.FindSettledAsync([]));
    }

    [ServerFact]
    public async Task Of_hundreds_of_records_that_are_waited_for_those_that_run_are_left_out()
    {
        var keys = Enumerable.Range(0, 600).Select(_ => NewKey()).ToList();
        var running = keys.Where((_, i) => i % 100 == 7).ToList();
        foreach (var key in running)
        {
            await ClaimAsync(key, lease: TimeSpan.FromMinutes(5));
        }

        Assert.Equal(keys.Except(running).ToHashSet(), (await Watch.FindSettledAsync(keys)).ToHashSet());
    }

    [ServerFact]
    public async Task Looking_changes_nothing()
    {
        var key = NewKey();
        var claim = await ClaimAsync(key);
        await Watch.FindSettledAsync([key]);
        Assert.True(await Store.CompleteAsync(key, claim, "a"u8.ToArray()));
        Assert.Equal([key], await Watch.FindSettledAsync([key]));
        Assert.Equal("a", await ReplayAsync(key));
    }
}
