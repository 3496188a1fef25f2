using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Stores.Sqlite.Spool;
using Gateway.Tests.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Forwarding;

/// <summary>Answers that the store did not take come home, with a file and without one.</summary>
public sealed class CompletionSpoolTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly List<SqliteAnswerSpool> _files = [];

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_lands_when_the_store_is_back_and_nothing_is_left_of_it(bool hasFile)
    {
        var file = hasFile ? OpenFile() : null;
        await using var bench = new SpoolBench(file) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        await bench.StartAsync();
        await bench.PassAsync();
        Assert.Equal("InFlight", await bench.SeenAsync(claim));
        Assert.Equal((1, 6), bench.Gauges);
        Assert.True(claim.IsTracked);

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal("answer", await bench.SeenAsync(claim));
        Assert.False(claim.IsTracked);
        Assert.Null(bench.Spool.Find(claim.Key));
        Assert.Equal((0, 0), bench.Gauges);
        Assert.Equal("stored", bench.Settled);
        Assert.True(bench.Log.Has("AnswerStored"));
        Assert.Empty(file is null ? [] : await file.ListAsync(0, 10));
    }

    [Fact]
    public async Task Its_lease_is_renewed_until_it_has_landed_and_no_longer()
    {
        await using var bench = new SpoolBench();
        await bench.StartRenewingAsync();
        var renewals = new SemaphoreSlim(0);
        bench.Store.After = verb => Task.FromResult(verb == "renew" && renewals.Release() >= 0);
        var claim = await bench.BeginAsync();
        bench.Store.Refused.Add(claim.Token);
        await bench.AddAsync(claim, "answer");
        bench.Claims.EndForward(claim);
        for (var i = 0; i < 9; i++)
        {
            bench.Clock.Advance(SpoolBench.Lease / 3);
            Assert.True(await renewals.WaitAsync(Bounded.Limit));
        }

        Assert.Equal("InFlight", await bench.SeenAsync(claim));
        bench.Store.Refused.Clear();
        await bench.StartAsync();
        Assert.Equal("answer", await bench.SeenAsync(claim));
        bench.Clock.Advance(10 * SpoolBench.Lease);
        await bench.Claims.StopAsync(CancellationToken.None).WithinLimit();
        Assert.Equal(0, renewals.CurrentCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_lands_also_when_its_outcome_has_become_unknown_meanwhile(bool hasFile)
    {
        await using var bench = new SpoolBench(hasFile ? OpenFile() : null) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        await bench.StartAsync();
        bench.Clock.Advance(SpoolBench.Lease);
        Assert.Equal("Unknown", await bench.SeenAsync(claim));
        await bench.PassEndsAsync();

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal("answer", await bench.SeenAsync(claim));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_it_waits_a_retry_is_given_its_very_bytes(bool hasFile)
    {
        await using var bench = new SpoolBench(hasFile ? OpenFile() : null) { IsStoreDown = true };
        var bytes = Enumerable.Range(0, 100_000).Select(i => (byte)(i * 31)).ToArray();
        var claim = await bench.BeginAsync(fingerprint: new Fingerprint(4, 5, 6));
        var buffer = bytes.ToArray();
        await bench.Spool.AddAsync(claim, buffer);
        buffer.AsSpan().Clear(); // it was pooled

        var waiting = bench.Spool.Find(claim.Key)!;

        Assert.Equal(new Fingerprint(4, 5, 6), waiting.Fingerprint);
        Assert.Equal(bytes, await bench.Spool.ReadAsync(waiting));
        Assert.Null(bench.Spool.Find(new RecordKey(ClaimToken.New().Value)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Past_its_retention_it_is_given_to_nobody_and_dropped_when_the_store_has_no_use_for_it(bool hasFile)
    {
        var file = hasFile ? OpenFile() : null;
        await using var bench = new SpoolBench(file) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer", retention: TimeSpan.FromSeconds(1));
        Assert.Equal("answer", await bench.GivenAsync(claim));
        await bench.StartAsync();
        bench.Clock.Advance(SpoolBench.Lease + TimeSpan.FromSeconds(1));
        await bench.PassEndsAsync();
        Assert.Null(bench.Spool.Find(claim.Key));
        Assert.Equal("", bench.Settled);

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal("expired", bench.Settled);
        Assert.True(bench.Log.Has("AnswerDropped"));
        Assert.False(claim.IsTracked);
        Assert.Equal((0, 0), bench.Gauges);
        Assert.Equal("Claimed", await bench.SeenAsync(claim)); // not made anew either
        Assert.Empty(file is null ? [] : await file.ListAsync(0, 10));
    }

    [Fact]
    public async Task A_clock_that_was_ahead_for_a_moment_destroys_nothing()
    {
        await using var bench = new SpoolBench(OpenFile()) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        await bench.StartAsync();
        bench.Clock.Leap(TimeSpan.FromDays(2));
        await bench.PassAsync();
        Assert.Null(bench.Spool.Find(claim.Key));

        bench.Clock.Leap(TimeSpan.FromDays(-2));

        Assert.Equal("answer", await bench.GivenAsync(claim));
        bench.IsStoreDown = false;
        await bench.PassAsync();
        Assert.Equal("answer", await bench.SeenAsync(claim));
    }

    [Fact]
    public async Task Long_after_its_retention_it_is_dropped_without_the_store()
    {
        await using var bench = new SpoolBench(OpenFile()) { IsStoreDown = true };
        await bench.AddAsync("answer");
        bench.Clock.Advance(SpoolBench.Retention + TimeSpan.FromDays(7));
        await bench.StartAsync();

        Assert.Equal(("expired", 0), (bench.Settled, bench.Calls));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_claim_was_lost_is_dropped(bool hasFile)
    {
        var file = hasFile ? OpenFile() : null;
        await using var bench = new SpoolBench(file);
        var claim = await bench.AddAsync("answer");
        Assert.True(await bench.Inner.ReleaseAsync(claim.Key, claim.Token)); // by an operator, say
        var other = await bench.BeginAsync(claim.Key);

        await bench.StartAsync();

        Assert.Equal("claim_lost", bench.Settled);
        Assert.True(bench.Log.Has("AnswerDropped"));
        Assert.False(claim.IsTracked);
        Assert.True(other.IsTracked);
        Assert.Equal("InFlight", await bench.SeenAsync(other));
        Assert.Empty(file is null ? [] : await file.ListAsync(0, 10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_record_the_store_has_lost_comes_home_all_the_same_and_stays_no_longer_than_it_would_have(bool hasFile)
    {
        await using var bench = new SpoolBench(hasFile ? OpenFile() : null) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        await bench.StartAsync();
        Assert.True(await bench.Inner.ReleaseAsync(claim.Key, claim.Token)); // a fail-over to a replica that has never heard of it
        bench.Clock.Advance(TimeSpan.FromHours(1));
        await bench.PassEndsAsync();

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal("stored", bench.Settled);
        Assert.Equal("answer", await bench.SeenAsync(claim));
        bench.Clock.Advance(SpoolBench.Retention - TimeSpan.FromHours(1));
        Assert.Equal("Claimed", await bench.SeenAsync(claim));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_claims_on_one_key_the_later_ones_answer_is_given_and_both_are_tried(bool hasFile)
    {
        await using var bench = new SpoolBench(hasFile ? OpenFile() : null) { IsStoreDown = true };
        var first = await bench.AddAsync("first");
        bench.Clock.Advance(SpoolBench.Lease);
        var second = await bench.BeginAsync(first.Key, takeOver: true);
        await bench.AddAsync(second, "second");
        Assert.Equal("second", await bench.GivenAsync(first));
        await bench.StartAsync();
        Assert.Equal("second", await bench.GivenAsync(first));

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal(["claim_lost", "stored"], bench.Settled.Split(' ').Order());
        Assert.Equal("second", await bench.SeenAsync(first));
    }

    [Fact]
    public async Task An_answer_that_the_store_always_refuses_keeps_no_other_from_landing()
    {
        await using var bench = new SpoolBench();
        var refused = new List<RunningClaim>();
        for (var i = 0; i < 40; i++)
        {
            refused.Add(await bench.AddAsync("refused"));
            bench.Store.Refused.Add(refused[^1].Token);
        }

        var good = await bench.AddAsync("good");
        await bench.StartAsync();
        for (var pass = 0; await bench.SeenAsync(good) != "good"; pass++)
        {
            Assert.InRange(pass, 0, 10);
            await bench.PassAsync();
        }

        var next = await bench.AddAsync("next");
        await bench.PassAsync();
        Assert.Equal("next", await bench.SeenAsync(next));
        Assert.Equal("refused", await bench.GivenAsync(refused[0]));

        bench.Store.Refused.Clear();
        await bench.PassAsync();
        Assert.Equal((0, 0), bench.Gauges);
        Assert.Equal("refused", await bench.SeenAsync(refused[39]));
    }

    [Fact]
    public async Task Answers_that_the_store_refuses_do_not_make_it_look_down()
    {
        await using var bench = new SpoolBench();
        for (var i = 0; i < 4 * StoreCircuit.MinimumThroughput; i++)
        {
            bench.Store.Refused.Add((await bench.AddAsync("refused")).Token);
        }

        await bench.StartAsync();
        await bench.PassAsync();

        Assert.False(bench.Parts.Circuit.IsOpen);
    }

    [Fact]
    public async Task A_store_that_is_left_alone_is_left_alone_by_the_spool_and_tried_at_once_when_it_is_back()
    {
        await using var bench = new SpoolBench(OpenFile());
        var claims = new List<RunningClaim>();
        for (var i = 0; i < 50; i++)
        {
            claims.Add(await bench.AddAsync("answer"));
        }

        await bench.OpenCircuitAsync();
        var before = bench.Calls;
        await bench.StartAsync();
        Assert.Equal(before, bench.Calls);
        for (var pass = 0; pass < 10; pass++)
        {
            before = bench.Calls;
            await bench.PassAsync();
            Assert.InRange(bench.Calls - before, 0, 1);
        }

        await bench.CloseCircuitAsync();
        await Bounded.UntilAsync(() => Task.FromResult(bench.Spool.Count), count => count == 0);
        Assert.Equal("answer", await bench.SeenAsync(claims[49]));
    }

    [Fact]
    public async Task A_store_that_fails_is_asked_for_a_few_answers_in_a_pass_and_not_for_all()
    {
        await using var bench = new SpoolBench { IsStoreDown = true };
        for (var i = 0; i < 200; i++)
        {
            await bench.AddAsync("answer");
        }

        await bench.StartAsync();
        Assert.InRange(bench.Calls, 1, 16);

        bench.IsStoreDown = false;
        await bench.PassAsync();
        Assert.Equal((0, 0), bench.Gauges);
    }

    private SqliteAnswerSpool OpenFile()
    {
        var file = new SqliteAnswerSpool(new AnswerSpoolOptions { Path = _folder.PathOf("spool.db"), Store = "a store" }, TimeSpan.FromSeconds(20), TimeProvider.System);
        _files.Add(file);
        return file;
    }
}
