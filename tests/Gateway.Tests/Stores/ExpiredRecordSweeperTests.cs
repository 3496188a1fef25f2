using Gateway.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Stores;

public sealed class ExpiredRecordSweeperTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenBatches = TimeSpan.FromMilliseconds(100);

    private readonly WaitingClock _clock = new();
    private readonly ScriptedInspector _inspector = new();

    [Fact]
    public async Task It_sweeps_batch_after_batch_until_one_is_not_full_and_then_rests()
    {
        _inspector.Script(() => ExpiredRecordSweeper.BatchSize, () => ExpiredRecordSweeper.BatchSize, () => 7, () => 0);
        using var sweeper = await StartAsync();

        foreach (var pause in new[] { BetweenBatches, BetweenBatches, Period, Period })
        {
            Assert.Equal(pause, await _clock.NextWaitAsync());
            _clock.Advance(pause);
        }

        await _clock.NextWaitAsync();
        Assert.Equal(5, _inspector.Limits.Count);
        Assert.All(_inspector.Limits, limit => Assert.Equal(ExpiredRecordSweeper.BatchSize, limit));
        await sweeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task It_goes_on_after_a_failure()
    {
        _inspector.Script(
            () => throw new IOException("the store is down"),
            () => throw new OperationCanceledException("so says the store, and not the host"),
            () => 3);
        using var sweeper = await StartAsync();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Period, await _clock.NextWaitAsync());
            _clock.Advance(Period);
        }

        await _clock.NextWaitAsync();
        Assert.Equal(4, _inspector.Limits.Count);
        Assert.False(sweeper.ExecuteTask!.IsCompleted);
        await sweeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task It_waits_for_one_sweep_before_the_next()
    {
        var slow = new TaskCompletionSource<int>();
        _inspector.Pending = slow.Task;
        using var sweeper = await StartAsync();
        await _inspector.Called;

        _clock.Advance(Period * 10);
        Assert.Single(_inspector.Limits);
        slow.SetResult(0);

        Assert.Equal(Period, await _clock.NextWaitAsync());
        Assert.Single(_inspector.Limits);
        await sweeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task It_stops_when_the_host_stops()
    {
        using var sweeper = await StartAsync();
        await _clock.NextWaitAsync();

        await sweeper.StopAsync(CancellationToken.None);

        Assert.True(sweeper.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Single(_inspector.Limits);
    }

    private async Task<ExpiredRecordSweeper> StartAsync()
    {
        var sweeper = new ExpiredRecordSweeper(_inspector, Task.CompletedTask, _clock, NullLogger<ExpiredRecordSweeper>.Instance);
        await sweeper.StartAsync(CancellationToken.None);
        return sweeper;
    }

    /// <summary>Answers as it is told, and then that nothing is left.</summary>
    private sealed class ScriptedInspector : IStoreInspector
    {
        private readonly Queue<Func<int>> _answers = new();
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Limits { get; } = [];

        public Task<int>? Pending { get; set; }

        public Task Called => _called.Task;

        public void Script(params Func<int>[] answers) => Array.ForEach(answers, _answers.Enqueue);

        public ValueTask<int> SweepAsync(int limit)
        {
            Limits.Add(limit);
            _called.TrySetResult();
            return Pending is null ? new(_answers.TryDequeue(out var answer) ? answer() : 0) : new(Pending);
        }

        public ValueTask<long> CountAsync() => new(0);

        public bool ListsOpenRecords => throw new NotSupportedException();

        public ValueTask<StoredRecord?> ReadAsync(RecordKey key) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => throw new NotSupportedException();

        public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit) => throw new NotSupportedException();

        public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => throw new NotSupportedException();
    }
}
