using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Stores.Sqlite.Spool;
using Gateway.Tests.Stores;

namespace Gateway.Tests.Idempotency.Forwarding;

/// <summary>Answers come home through whichever process can: after a stop, after a crash, or beside the one that gave them.</summary>
public sealed class CompletionSpoolRestartTests : IDisposable
{
    private readonly SqliteFolder _folder = new();
    private readonly List<SqliteAnswerSpool> _files = [];

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public async Task Stopping_tries_once_more()
    {
        await using var bench = new SpoolBench(OpenFile());
        await bench.StartAsync();
        bench.IsStoreDown = true;
        var claim = await bench.AddAsync("answer");
        await bench.PassAsync();

        bench.IsStoreDown = false;
        await bench.StopAsync();

        Assert.Equal("answer", await bench.SeenAsync(claim));
        Assert.False(bench.Log.Has("AnswersWait"));
    }

    [Fact]
    public async Task What_the_store_does_not_take_at_the_stop_waits_in_the_file_for_the_next_start()
    {
        await using var first = new SpoolBench(OpenFile()) { IsStoreDown = true };
        await first.StartAsync();
        var claims = new[] { await first.AddAsync("one"), await first.AddAsync("two") };
        await first.StopAsync();
        Assert.Contains(first.Log.Entries, entry => entry.Message.Contains("2 answers wait in the spool's file for the next start; 0 were in memory alone", StringComparison.Ordinal));
        foreach (var file in _files)
        {
            file.Dispose();
        }

        await using var next = new SpoolBench(OpenFile(), first.Inner) { IsStoreDown = true };
        await next.StartAsync();
        Assert.Equal((2, 6), next.Gauges);
        Assert.Equal("one", await next.GivenAsync(claims[0]));
        next.IsStoreDown = false;
        await next.PassAsync();

        Assert.Equal("one", await first.SeenAsync(claims[0]));
        Assert.Equal("two", await first.SeenAsync(claims[1]));
        Assert.Equal("stored stored", next.Settled);
        Assert.Empty(await _files[^1].ListAsync(0, 10));
    }

    [Fact]
    public async Task After_a_restart_they_land_in_the_first_pass()
    {
        await using var first = new SpoolBench(OpenFile()) { IsStoreDown = true };
        var claim = await first.AddAsync("answer");
        first.Clock.Advance(SpoolBench.Lease); // nobody renews it any more

        await using var next = new SpoolBench(OpenFile(), first.Inner);
        await next.StartAsync();

        Assert.Equal("answer", await first.SeenAsync(claim));
    }

    [Fact]
    public async Task Another_process_brings_them_home_and_the_one_that_gave_them_notices()
    {
        await using var first = new SpoolBench(OpenFile()) { IsStoreDown = true };
        var claim = await first.AddAsync("answer");
        await first.StartAsync();
        var waiting = first.Spool.Find(claim.Key)!;

        await using var other = new SpoolBench(OpenFile(), first.Inner);
        await other.StartAsync();
        Assert.Equal("answer", await first.SeenAsync(claim));
        Assert.True(claim.IsTracked);
        Assert.Null(await first.Spool.ReadAsync(waiting)); // the store has it, and its retry asks there

        var calls = first.Calls;
        await first.PassAsync();

        Assert.False(claim.IsTracked);
        Assert.Equal((0, 0), first.Gauges);
        Assert.Equal(calls, first.Calls);
        Assert.False(first.Log.Has("AnswerDropped"));
    }

    [Fact]
    public async Task Both_trying_at_once_store_it_once_and_lose_nothing()
    {
        await using var first = new SpoolBench(OpenFile()) { IsStoreDown = true };
        await using var other = new SpoolBench(OpenFile(), first.Inner) { IsStoreDown = true };
        var claims = new List<RunningClaim>();
        for (var i = 0; i < 60; i++)
        {
            claims.Add(await (i % 2 == 0 ? first : other).AddAsync($"answer {i}"));
        }

        await Task.WhenAll(first.StartAsync(), other.StartAsync());
        Assert.Equal((60, 530), first.Gauges);
        Assert.Equal((60, 530), other.Gauges);

        first.IsStoreDown = other.IsStoreDown = false;
        await Task.WhenAll(first.PassAsync(), other.PassAsync());

        Assert.Equal((0, 0), first.Gauges);
        Assert.Equal((0, 0), other.Gauges);
        Assert.Empty(await _files[0].ListAsync(0, 100));
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal($"answer {i}", await first.SeenAsync(claims[i]));
        }
    }

    [Fact]
    public async Task An_older_answer_of_another_process_does_not_hide_a_later_one_on_its_key()
    {
        await using var first = new SpoolBench(OpenFile()) { IsStoreDown = true };
        var old = await first.AddAsync("old");
        await using var other = new SpoolBench(OpenFile(), first.Inner) { IsStoreDown = true };
        first.Clock.Advance(SpoolBench.Lease);
        var later = await other.BeginAsync(old.Key, takeOver: true);
        await other.AddAsync(later, "later");

        await other.StartAsync(); // meets the old one only now

        Assert.Equal("later", await other.GivenAsync(later));
    }

    [Fact]
    public async Task What_expired_while_no_process_ran_is_removed()
    {
        await using (var first = new SpoolBench(OpenFile()) { IsStoreDown = true })
        {
            await first.AddAsync("answer", retention: TimeSpan.FromSeconds(-1));
        }

        await using var next = new SpoolBench(OpenFile());
        await next.StartAsync();

        Assert.Equal("expired", next.Settled);
        Assert.Equal(1, next.Calls); // the store has the say, as it has the clock that counts
        Assert.Empty(await _files[0].ListAsync(0, 10));
    }

    [Fact]
    public async Task More_than_a_page_is_read_at_once()
    {
        var file = OpenFile();
        var expires = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await Task.WhenAll(Enumerable.Range(0, 600).Select(_ =>
            file.AddAsync(new SpooledAnswer(new RecordKey(ClaimToken.New().Value), ClaimToken.New(), default, expires, new byte[1])).AsTask()));

        await using var bench = new SpoolBench(file) { IsStoreDown = true };
        await bench.StartAsync();

        Assert.Equal((600, 600), bench.Gauges);
    }

    [Fact]
    public async Task Answers_for_another_store_are_told_of_at_the_start_and_left_alone()
    {
        var expires = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var other = OpenFile("another store");
        await other.AddAsync(new SpooledAnswer(new RecordKey(1), new ClaimToken(2), default, expires, new byte[1]));

        await using var bench = new SpoolBench(OpenFile());
        await bench.StartAsync();

        Assert.Contains(bench.Log.Entries, entry => entry.Event == "SpoolOfAnotherStore" && entry.Message.Contains("1 answers for another store", StringComparison.Ordinal));
        Assert.Equal((0, 0), bench.Gauges);
        Assert.Single(await other.ListAsync(0, 10));
    }

    private SqliteAnswerSpool OpenFile(string store = "a store")
    {
        var file = new SqliteAnswerSpool(new AnswerSpoolOptions { Path = _folder.PathOf("spool.db"), Store = store }, TimeSpan.FromSeconds(20), TimeProvider.System);
        _files.Add(file);
        return file;
    }
}
