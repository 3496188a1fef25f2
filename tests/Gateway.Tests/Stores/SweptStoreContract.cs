using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>For stores that remove expired records only when they are told to.</summary>
public abstract class SweptStoreContract : StoreContract
{
    [ServerFact]
    public async Task Sweeping_an_empty_store_removes_nothing() => Assert.Equal(0, await Inspector.SweepAsync(100));

    [ServerFact]
    public async Task Sweeping_removes_what_has_expired_and_nothing_else()
    {
        var alive = new[] { Was.InFlight, Was.Lapsed, Was.Unknown, Was.Completed };
        var expired = new[] { Was.ExpiredLapsed, Was.ExpiredUnknown, Was.ExpiredCompleted };
        var records = new List<(RecordKey Key, Was State)>();
        // The longer lived first: what is arranged later lets time pass.
        foreach (var state in expired.Concat(alive))
        {
            records.Add((NewKey(), state));
            await ArrangeAsync(records[^1].Key, state);
        }

        Assert.Equal(7, await Inspector.CountAsync());
        Assert.Equal(3, await Inspector.SweepAsync(100));
        Assert.Equal(4, await Inspector.CountAsync());

        foreach (var (key, state) in records.Where(r => alive.Contains(r.State)))
        {
            var expected = state switch
            {
                Was.InFlight => BeginOutcome.InFlight,
                Was.Completed => BeginOutcome.Completed,
                _ => BeginOutcome.Unknown,
            };
            Assert.Equal(expected, await OutcomeAsync(key));
        }
    }

    [ServerFact]
    public async Task Sweeping_keeps_to_its_limit_and_says_how_many_it_removed()
    {
        for (var i = 0; i < 25; i++)
        {
            var key = NewKey();
            Assert.True(await Store.CompleteAsync(key, await ClaimAsync(key, Lease, ShortRetention), Noise(100)));
        }

        await ElapseAsync(ShortRetention);

        Assert.Equal(25, await Inspector.CountAsync());
        Assert.Equal(10, await Inspector.SweepAsync(10));
        Assert.Equal(15, await Inspector.CountAsync());
        Assert.Equal(10, await Inspector.SweepAsync(10));
        Assert.Equal(5, await Inspector.SweepAsync(10));
        Assert.Equal(0, await Inspector.SweepAsync(10));
        Assert.Equal(0, await Inspector.CountAsync());
    }

    [ServerFact]
    public async Task A_key_claimed_anew_after_it_expired_is_not_swept()
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.ExpiredCompleted);
        var claim = await ClaimAsync(key);

        Assert.Equal(0, await Inspector.SweepAsync(100));

        Assert.True(await Store.CompleteAsync(key, claim, "new"u8.ToArray()));
        Assert.Equal(0, await Inspector.SweepAsync(100));
        Assert.Equal("new", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task A_swept_key_runs_again()
    {
        var key = NewKey();
        var old = await ArrangeAsync(key, Was.ExpiredCompleted);
        Assert.Equal(1, await Inspector.SweepAsync(100));

        Assert.False(await Store.CompleteAsync(key, old, "old"u8.ToArray()));
        var claim = await ClaimAsync(key);
        Assert.True(await Store.CompleteAsync(key, claim, "new"u8.ToArray()));
        Assert.Equal("new", await ReplayAsync(key));
    }

    [ServerFact]
    public async Task Begins_on_expired_records_while_they_are_swept_each_claim_once_and_keep_their_answers()
    {
        var keys = Enumerable.Range(0, 60).Select(_ => NewKey()).ToArray();
        foreach (var key in keys)
        {
            Assert.True(await Store.CompleteAsync(key, await ClaimAsync(key, Lease, ShortRetention), "old"u8.ToArray()));
        }

        await ElapseAsync(ShortRetention);
        var answers = await AtOnceAsync(keys.Length + 20, async i =>
        {
            if (i >= keys.Length)
            {
                return await Inspector.SweepAsync(5) >= 0 ? "swept"u8.ToArray() : [];
            }

            var answer = Noise(i + 1);
            Assert.True(await Store.CompleteAsync(keys[i], await ClaimAsync(keys[i]), answer));
            return answer;
        });
        while (await Inspector.SweepAsync(100) > 0)
        {
        }

        Assert.Equal(keys.Length, await Inspector.CountAsync());
        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal(answers[i], (await LookAsync(keys[i])).Answer.ToArray());
        }
    }
}
