using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Forwarding;

/// <summary>The store fails, and so does the spool's own file: an answer waits where it can, and is counted where it cannot.</summary>
public sealed class CompletionSpoolFaultTests
{
    private const int Half = (int)(WaitingAnswers.MaxBytesInMemory / 2);

    private readonly FaultySpool _file = new();

    [Fact]
    public async Task With_the_file_failing_it_waits_in_memory_and_lands()
    {
        _file.Before = _ => throw new IOException("the disk is broken");
        await using var bench = new SpoolBench(_file) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        Assert.True(bench.Log.Has("AnswerNotSpooled"));
        await bench.StartAsync();
        Assert.Equal("answer", await bench.GivenAsync(claim));

        bench.IsStoreDown = false;
        await bench.PassAsync();

        Assert.Equal("answer", await bench.SeenAsync(claim));
        Assert.Equal("stored", bench.Settled);
        Assert.False(claim.IsTracked);
    }

    [Fact]
    public async Task With_the_file_hanging_it_waits_in_memory_and_lands_whatever_becomes_of_the_file()
    {
        var hang = new TaskCompletionSource();
        await using var bench = new SpoolBench(_file) { IsStoreDown = true };
        await bench.StartAsync();
        _file.Before = _ => hang.Task;
        var claim = await bench.BeginAsync();
        var adding = bench.AddAsync(claim, "answer").AsTask();
        await bench.GiveUpAsync();
        await adding.WithinLimit();
        Assert.Equal("answer", await bench.GivenAsync(claim));

        bench.IsStoreDown = false;
        await Bounded.UntilAsync(
            async () =>
            {
                bench.Clock.Advance(bench.Parts.Limits.Operation); // the list hangs as well
                return await bench.SeenAsync(claim);
            },
            seen => seen == "answer");

        var last = _file.Last;
        hang.SetResult();
        await Bounded.UntilAsync(
            () =>
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult((IsWritten: _file.Last > last, Left: _file.Numbers.Count + bench.Spool.Count));
            },
            seen => seen is { IsWritten: true, Left: 0 });
        Assert.DoesNotContain("claim_lost", bench.Settled, StringComparison.Ordinal); // if it was met, its second landing changed nothing
    }

    [Fact]
    public async Task A_full_file_leaves_it_in_memory()
    {
        _file.Before = verb => verb == "add" ? throw new SpoolFullException(10) : Task.CompletedTask;
        await using var bench = new SpoolBench(_file) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");

        Assert.Equal("answer", await bench.GivenAsync(claim));
        Assert.Equal((1, 6), bench.Gauges);
        Assert.True(claim.IsTracked);
    }

    [Fact]
    public async Task Once_the_file_takes_writes_again_what_waits_in_memory_goes_there()
    {
        _file.Before = verb => verb == "add" ? throw new SpoolFullException(10) : Task.CompletedTask;
        await using var bench = new SpoolBench(_file) { IsStoreDown = true };
        var claim = await bench.AddAsync("answer");
        await bench.StartAsync();
        Assert.Empty(_file.Numbers);

        _file.Before = _ => Task.CompletedTask;
        await bench.PassAsync();

        Assert.Single(_file.Numbers);
        Assert.Equal("answer", await bench.GivenAsync(claim));
        bench.IsStoreDown = false;
        await bench.PassAsync();
        Assert.Equal("answer", await bench.SeenAsync(claim));
        Assert.Empty(_file.Numbers);
        Assert.Equal("stored", bench.Settled);
    }

    [Fact]
    public async Task At_the_stop_what_waits_in_memory_is_written_down_if_the_file_takes_it()
    {
        await using var bench = new SpoolBench(_file) { IsStoreDown = true };
        await bench.StartAsync();
        _file.Before = verb => verb == "add" ? throw new IOException("broken for a moment") : Task.CompletedTask;
        await bench.AddAsync("answer");
        _file.Before = _ => Task.CompletedTask;

        await bench.StopAsync();

        Assert.Single(_file.Numbers);
        Assert.Contains(bench.Log.Entries, entry => entry.Message.Contains("1 answers wait in the spool's file for the next start; 0 were in memory alone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task At_the_stop_it_is_told_what_was_in_memory_alone()
    {
        await using var bench = new SpoolBench { IsStoreDown = true };
        await bench.StartAsync();
        await bench.AddAsync("answer");

        await bench.StopAsync();

        Assert.Contains(bench.Log.Entries, entry => entry.Event == "AnswersWait" && entry.Message.Contains("0 answers wait in the spool's file for the next start; 1 were in memory alone", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Memory_takes_so_much_and_no_more(bool hasFile)
    {
        _file.Before = _ => throw new IOException("the disk is broken");
        await using var bench = new SpoolBench(hasFile ? _file : null) { IsStoreDown = true };
        var (fits, fitsToo, over, small) = (await BigAsync(bench, Half), await BigAsync(bench, Half - 1), await BigAsync(bench, 2), await BigAsync(bench, 1));

        Assert.Equal("dropped", bench.Settled);
        Assert.True(bench.Log.Has("AnswerDropped"));
        Assert.Null(bench.Spool.Find(over.Key));
        Assert.False(over.IsTracked);
        Assert.Equal((3, 2L * Half), bench.Gauges);
        Assert.All([fits, fitsToo, small], claim => Assert.True(claim.IsTracked && bench.Spool.Find(claim.Key) is not null));

        bench.IsStoreDown = false;
        await bench.StartAsync();
        Assert.Equal((0, 0), bench.Gauges);
        Assert.NotNull(bench.Spool.Find((await BigAsync(bench, 2 * Half)).Key)); // there is room again
    }

    [Fact]
    public async Task One_that_is_larger_than_memory_takes_may_wait_there_alone()
    {
        await using var bench = new SpoolBench { IsStoreDown = true };
        var alone = await BigAsync(bench, (2 * Half) + 1);
        var next = await BigAsync(bench, 1);

        Assert.NotNull(bench.Spool.Find(alone.Key));
        Assert.Null(bench.Spool.Find(next.Key));
    }

    [Fact]
    public async Task An_answer_that_is_being_written_is_not_given_before_it_is_durable()
    {
        var written = new TaskCompletionSource();
        _file.Before = verb => verb == "add" ? written.Task : Task.CompletedTask;
        await using var bench = new SpoolBench(_file);
        var claim = await bench.BeginAsync();
        var adding = bench.AddAsync(claim, "answer").AsTask();

        var reading = bench.Spool.ReadAsync(bench.Spool.Find(claim.Key)!).AsTask();
        Assert.False(reading.IsCompleted);
        written.SetResult();

        Assert.Equal("answer"u8.ToArray(), await reading.WithinLimit());
        await adding.WithinLimit();
    }

    [Fact]
    public async Task An_answer_that_is_being_written_is_not_brought_home_beside_that()
    {
        var written = new TaskCompletionSource();
        _file.Before = verb => verb == "add" ? written.Task : Task.CompletedTask;
        await using var bench = new SpoolBench(_file);
        var claim = await bench.BeginAsync();
        var adding = bench.AddAsync(claim, "answer").AsTask();
        await bench.StartAsync();
        written.SetResult();
        await adding.WithinLimit();
        await bench.PassAsync();
        await bench.PassAsync();

        Assert.Equal("stored", bench.Settled);
        Assert.Empty(_file.Numbers);
        Assert.Equal((0, 0), bench.Gauges);
        Assert.Equal("answer", await bench.SeenAsync(claim));
    }

    [Fact]
    public async Task An_answer_that_was_written_in_the_middle_of_a_pass_takes_no_room_in_memory_and_gives_none_back_twice()
    {
        var written = new TaskCompletionSource();
        _file.Before = verb => verb == "add" ? written.Task : Task.CompletedTask;
        await using var bench = new SpoolBench(_file);
        var adding = BigAsync(bench, Half);
        await bench.StartAsync();
        written.SetResult();
        await adding.WithinLimit();
        await bench.PassAsync();

        _file.Before = verb => verb == "add" ? throw new SpoolFullException(10) : Task.CompletedTask;
        bench.IsStoreDown = true;
        await BigAsync(bench, Half);
        await BigAsync(bench, Half);
        await BigAsync(bench, 1);
        Assert.EndsWith("dropped", bench.Settled, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_was_dropped_lands_after_all_if_its_writing_that_was_given_up_succeeds()
    {
        var hang = new TaskCompletionSource();
        _file.Before = verb => verb == "add" ? hang.Task : Task.CompletedTask;
        await using var full = new SpoolBench(_file);
        foreach (var size in (int[])[1, 2 * Half])
        {
            var claim = await full.BeginAsync();
            var adding = full.Spool.AddAsync(claim, new byte[size]).AsTask();
            await full.GiveUpAsync();
            await adding.WithinLimit();
        }

        Assert.Equal("dropped", full.Settled);

        hang.SetResult();
        await Bounded.UntilAsync(() => Task.FromResult(_file.Numbers.Count), count => count == 2);
        await full.StartAsync();

        Assert.Equal("dropped stored stored", full.Settled);
        Assert.Empty(_file.Numbers);
        Assert.Equal((0, 0), full.Gauges);
    }

    [Fact]
    public async Task A_removal_that_hangs_holds_nobody_up()
    {
        await using var bench = new SpoolBench(_file);
        var first = await bench.AddAsync("first");
        _file.Before = verb => verb == "remove" ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
        await bench.Spool.StartAsync(CancellationToken.None);
        await bench.GiveUpAsync();
        Assert.Equal("first", await bench.SeenAsync(first));
        _file.Before = _ => Task.CompletedTask;
        await bench.PassEndsAsync();

        await bench.AddAsync("second");
        await bench.PassAsync();

        Assert.Equal((0, 0), bench.Gauges);
        Assert.Equal("stored stored", bench.Settled);
        Assert.Empty(_file.Numbers);
        await bench.Spool.StopAsync(CancellationToken.None).WithinLimit();
    }

    [Fact]
    public async Task A_removal_that_fails_is_repeated()
    {
        await using var bench = new SpoolBench(_file);
        await bench.AddAsync("answer");
        _file.Before = verb => verb == "remove" ? throw new IOException("the disk is broken") : Task.CompletedTask;
        await bench.StartAsync();
        Assert.Single(_file.Numbers);
        Assert.True(bench.Log.Has("SpoolFailed"));

        _file.Before = _ => Task.CompletedTask;
        await bench.PassAsync();

        Assert.Empty(_file.Numbers);
        Assert.Equal("stored", bench.Settled);
    }

    [Fact]
    public async Task While_the_file_cannot_be_read_its_answers_wait_and_are_not_given_up()
    {
        await using var bench = new SpoolBench(_file);
        var claim = await bench.AddAsync("answer");
        _file.Before = _ => throw new IOException("the disk is broken");
        await Assert.ThrowsAsync<StoreCallException>(() => bench.GivenAsync(claim)); // not "nothing waits"
        await bench.StartAsync();
        Assert.Equal("", bench.Settled);
        Assert.True(claim.IsTracked);

        _file.Before = _ => Task.CompletedTask;
        await bench.PassAsync();

        Assert.Equal("answer", await bench.SeenAsync(claim));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_all_that_hang_in_a_pass()
    {
        await using var bench = new SpoolBench();
        for (var i = 0; i < 100; i++)
        {
            await bench.AddAsync("answer");
        }

        bench.Store.Before = _ => Task.Delay(Timeout.Infinite);
        await bench.Spool.StartAsync(CancellationToken.None);
        await bench.GiveUpAsync(bench.Parts.Limits.Completion);
        var stopping = bench.Spool.StopAsync(CancellationToken.None);
        await Bounded.UntilAsync(
            () =>
            {
                bench.Clock.Advance(bench.Parts.Limits.Operation);
                return Task.FromResult(stopping.IsCompleted);
            },
            ended => ended);

        Assert.True(bench.Log.Has("AnswersWait"));
    }

    private static async Task<RunningClaim> BigAsync(SpoolBench bench, int size)
    {
        var claim = await bench.BeginAsync();
        await bench.Spool.AddAsync(claim, new byte[size]);
        return claim;
    }
}
