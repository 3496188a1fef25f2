using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Stores;

/// <summary>The count of what is in the store, by a store whose pages are written down here.</summary>
public sealed class RecordCensusTests
{
    private readonly WaitingClock _clock = new();
    private readonly ScriptedInspector _store;
    private readonly StoreParts _parts;
    private readonly CapturedLog _log = new();
    private readonly RecordCensus _census;

    public RecordCensusTests()
    {
        _store = new ScriptedInspector(_clock);
        _parts = new StoreParts(new FaultyStore(new InMemoryStore(_clock)), _clock);
        _census = new RecordCensus(_store, _parts.Circuit, Task.CompletedTask, _parts.Meters, _clock, new LoggerFactory([_log]).CreateLogger<RecordCensus>());
    }

    [Fact]
    public async Task It_counts_by_state_over_all_pages()
    {
        _store.Pages = [[Open(1), Unknown(2), Unknown(3)], [], [Open(4), Completed(5)]];
        _store.Total = 77;

        await CountAsync();

        var census = _census.Latest!;
        Assert.Equal((77, 2, 2), (census.Live, census.InFlight, census.Unknown));
        Assert.Equal(_clock.GetUtcNow(), census.At);
        Assert.Equal([(null, RecordCensus.PageSize), ("1", RecordCensus.PageSize), ("2", RecordCensus.PageSize)], _store.Asked);
        Assert.Equal([2u, 3u], census.OldestUnknown.Select(Number));
        Assert.Equal([1u, 4u], census.OldestInFlight.Select(Number));
    }

    [Fact]
    public async Task It_keeps_the_oldest_of_each_state_those_in_flight_by_their_start_and_the_unknown_by_when_they_became_so()
    {
        var numbers = Enumerable.Range(1, 45).Select(number => (uint)(number * 31 % 46)).ToList();
        _store.Pages = [.. numbers.Chunk(7).Select(page => page.Select(Open).ToList()), .. numbers.Chunk(11).Select(page => page.Select(number => Unknown(number, settled: 100 - number)).ToList())];

        await CountAsync();

        var census = _census.Latest!;
        Assert.Equal((45, 45), (census.InFlight, census.Unknown));
        Assert.Equal(Enumerable.Range(1, RecordCensus.Shown).Select(number => (uint)number), census.OldestInFlight.Select(Number));
        Assert.Equal(Enumerable.Range(0, RecordCensus.Shown).Select(number => (uint)(45 - number)), census.OldestUnknown.Select(Number));
    }

    [Fact]
    public async Task It_rests_thirty_nine_times_as_long_as_each_page_took()
    {
        _store.Pages = [[Open(1)], [Open(2)]];
        _store.Takes = TimeSpan.FromMilliseconds(40);
        var counting = _census.CountAsync(CancellationToken.None);
        foreach (var page in (string?[])[null, "1"])
        {
            Assert.Equal(TimeSpan.FromMilliseconds(1560), await _clock.NextWaitAsync().AsTask().WithinLimit());
            Assert.Equal(page, _store.Asked[^1].After);
            Assert.Null(_census.Latest); // half a count is none
            _clock.Advance(TimeSpan.FromMilliseconds(1560));
        }

        await counting.WithinLimit();
        Assert.Equal(2, _census.Latest!.InFlight);
    }

    [Fact]
    public async Task All_records_are_counted_again_only_when_a_hundred_times_the_time_has_passed_that_it_took()
    {
        _store.Pages = [[]];
        _store.Total = 5;
        _store.CountTakes = TimeSpan.FromSeconds(1);
        await CountAsync();
        _store.Total = 6;
        _clock.Advance(TimeSpan.FromSeconds(98));
        await CountAsync();
        Assert.Equal((5, 1), (_census.Latest!.Live, _store.Counts));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await CountAsync();
        Assert.Equal((6, 2), (_census.Latest!.Live, _store.Counts));
    }

    [Fact]
    public async Task Of_a_store_without_a_list_of_the_open_records_the_walk_has_counted_them_all()
    {
        _store.ListsOpenRecords = false;
        _store.Pages = [[Open(1)], [], [Unknown(2)]];
        _store.Examined = 500;

        await CountAsync();

        Assert.Equal((1500, 1, 1, 0), (_census.Latest!.Live, _census.Latest.InFlight, _census.Latest.Unknown, _store.Counts));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("count")]
    public async Task A_pass_that_fails_keeps_the_figures_of_the_last_one_and_their_age(string failing)
    {
        _store.Pages = [[Open(1)], [Unknown(2)]];
        await CountAsync();
        var before = _census.Latest;
        _clock.Advance(TimeSpan.FromMinutes(1));
        _store.Pages = [[], []];
        _store.Fails = failing;

        await Assert.ThrowsAsync<IOException>(() => _census.CountAsync(CancellationToken.None));

        Assert.Same(before, _census.Latest);
        Assert.Equal(60, Measure(StoreMeter.RecordsAge).Single());
        Assert.Equal(1, Measure(StoreMeter.RecordsUnknown).Single());
    }

    [Fact]
    public async Task Before_the_first_count_there_are_no_figures_and_then_four()
    {
        string[] gauges = [StoreMeter.RecordsLive, StoreMeter.RecordsInFlight, StoreMeter.RecordsUnknown, StoreMeter.RecordsAge];
        Assert.All(gauges, gauge => Assert.Empty(Measure(gauge)));
        _store.Pages = [[Open(1), Open(2), Unknown(3)]];
        _store.Total = 9;
        await CountAsync();
        Assert.Equal([9, 2, 1, 0], gauges.Select(gauge => Measure(gauge).Single()));
    }

    [Fact]
    public async Task It_begins_when_the_store_has_been_tried_out_counts_every_fifteen_seconds_and_goes_on_after_a_failure()
    {
        var usable = new TaskCompletionSource();
        var census = new RecordCensus(_store, _parts.Circuit, usable.Task, _parts.Meters, _clock, new LoggerFactory([_log]).CreateLogger<RecordCensus>());
        await census.StartAsync(CancellationToken.None);
        Assert.Empty(_store.Asked);
        _store.Pages = [[Unknown(1)]];
        _store.Fails = "0";
        usable.SetResult();
        await PauseAsync();
        Assert.Null(census.Latest);

        _store.Fails = null;
        _clock.Advance(TimeSpan.FromSeconds(15));
        await PauseAsync();
        Assert.Equal(1, census.Latest!.Unknown);

        _store.Pages = [[]];
        census.CountSoon();
        await PauseAsync();
        Assert.Equal(0, census.Latest.Unknown);
        await census.StopAsync(CancellationToken.None).WithinLimit();

        async Task PauseAsync()
        {
            while (await _clock.NextWaitAsync().AsTask().WithinLimit() != TimeSpan.FromSeconds(15))
            {
            }
        }
    }

    /// <summary>A walk whose rests are of no length.</summary>
    private Task CountAsync() => _census.CountAsync(CancellationToken.None).WithinLimit();

    private IEnumerable<double> Measure(string gauge)
    {
        using var counts = new MetricCollector<long>(_parts.Meters, StoreMeter.Name, gauge);
        using var seconds = new MetricCollector<double>(_parts.Meters, StoreMeter.Name, gauge);
        counts.RecordObservableInstruments();
        seconds.RecordObservableInstruments();
        return [.. counts.GetMeasurementSnapshot().Select(measured => (double)measured.Value), .. seconds.GetMeasurementSnapshot().Select(measured => measured.Value)];
    }

    private static uint Number(StoredRecord record) => (uint)record.Key.Value;

    private StoredRecord Open(uint number) => Record(RecordState.InFlight, number, number);

    private StoredRecord Unknown(uint number) => Record(RecordState.Unknown, number, number);

    private StoredRecord Unknown(uint number, uint settled) => Record(RecordState.Unknown, number, settled);

    private StoredRecord Completed(uint number) => Record(RecordState.Completed, number, number);

    private StoredRecord Record(RecordState state, uint number, uint settled)
    {
        var start = _clock.GetUtcNow();
        return new StoredRecord(
            new RecordKey(number), state, new ClaimToken(number), start.AddSeconds(number), null, start.AddSeconds(settled) + TimeSpan.FromDays(1), TimeSpan.FromDays(1), new RecordLabel("pay", $"{number}", 0));
    }

    private sealed class ScriptedInspector(WaitingClock clock) : IStoreInspector
    {
        public List<StoredRecord>[] Pages { get; set; } = [[]];

        public long Total { get; set; }

        public TimeSpan Takes { get; set; }

        public TimeSpan CountTakes { get; set; }

        /// <summary>Of each page; null: as many as it has records.</summary>
        public int? Examined { get; set; }

        public string? Fails { get; set; }

        public int Counts { get; private set; }

        public List<(string? After, int Limit)> Asked { get; } = [];

        public bool ListsOpenRecords { get; set; } = true;

        public async ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit)
        {
            Assert.Equal(RecordWalk.Open, walk);
            Asked.Add((after, limit));
            var page = after is null ? 0 : int.Parse(after, null);
            await FailAsync($"{page}");
            clock.Advance(Takes);
            return new RecordScan(Pages[page], page + 1 < Pages.Length ? $"{page + 1}" : null, Examined ?? Pages[page].Count);
        }

        public async ValueTask<long> CountAsync()
        {
            await FailAsync("count");
            clock.Advance(CountTakes);
            Counts++;
            return Total;
        }

        public ValueTask<int> SweepAsync(int limit) => throw new NotSupportedException();

        public ValueTask<StoredRecord?> ReadAsync(RecordKey key) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => throw new NotSupportedException();

        public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => throw new NotSupportedException();

        public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => throw new NotSupportedException();

        private Task FailAsync(string what) => Fails == what ? Task.FromException(new IOException("the store is down")) : Task.CompletedTask;
    }
}
