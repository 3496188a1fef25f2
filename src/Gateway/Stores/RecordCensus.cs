using System.Diagnostics.Metrics;

namespace Gateway.Stores;

/// <summary>
/// Counts what is in the store, for metrics and the console: over and over, in small steps, resting thirty-nine times as long
/// as each step took, so that no request waits for figures. In Redis each gateway has to look at all records for that.
/// </summary>
internal sealed class RecordCensus : BackgroundService
{
    internal const int PageSize = 500;

    /// <summary>How many of the oldest open records of each state are kept for people to look at.</summary>
    internal const int Shown = 20;

    private const int RestPerWork = 39;
    private const int RestPerCount = 99;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly IStoreInspector _inspector;
    private readonly StoreCircuit _circuit;
    private readonly Task _usable;
    private readonly TimeProvider _time;
    private readonly ILogger<RecordCensus> _logger;
    private volatile Census? _latest;
    private volatile TaskCompletionSource _asked = Asked();
    private long? _live;
    private DateTimeOffset _countAgain;

    /// <param name="usable">Ends when the store has been tried out: before that it may have no tables yet.</param>
    public RecordCensus(IStoreInspector inspector, StoreCircuit circuit, Task usable, IMeterFactory meters, TimeProvider time, ILogger<RecordCensus> logger)
    {
        (_inspector, _circuit, _usable, _time, _logger) = (inspector, circuit, usable, time, logger);
        var meter = meters.Create(StoreMeter.Name);
        meter.CreateObservableGauge(StoreMeter.RecordsLive, () => Measure(census => census.Live), unit: "{record}", description: "Records in the store, in any state.");
        meter.CreateObservableGauge(StoreMeter.RecordsInFlight, () => Measure(census => census.InFlight), unit: "{record}", description: "Records whose request is running, at whichever gateway.");
        meter.CreateObservableGauge(StoreMeter.RecordsUnknown, () => Measure(census => census.Unknown), unit: "{record}", description: "Records of which nobody knows whether their request took effect.");
        meter.CreateObservableGauge(StoreMeter.RecordsAge, () => Measure(census => (_time.GetUtcNow() - census.At).TotalSeconds), unit: "s", description: "How old these figures are: a large store is counted slowly.");
    }

    /// <summary>Null: not counted yet.</summary>
    public Census? Latest => _latest;

    /// <summary>Somebody has changed a record and looks at the figures: the next pass begins at once.</summary>
    public void CountSoon() => _asked.TrySetResult();

    /// <summary>One pass over the open records, and a count of all where it is due.</summary>
    internal async Task CountAsync(CancellationToken stop)
    {
        var began = _time.GetUtcNow();
        var (inFlight, unknown, examined) = (0L, 0L, 0L);
        var oldestInFlight = new OldestRecords();
        var oldestUnknown = new OldestRecords();
        string? next = null;
        do
        {
            var started = _time.GetTimestamp();
            var page = await _inspector.ScanAsync(RecordWalk.Open, next, PageSize);
            foreach (var record in page.Records)
            {
                if (record.State == RecordState.InFlight)
                {
                    inFlight++;
                    oldestInFlight.Add(record, record.CreatedAt);
                }
                else if (record.State == RecordState.Unknown)
                {
                    unknown++;
                    oldestUnknown.Add(record, record.SettledAt ?? record.CreatedAt);
                }
            }

            examined += page.Examined;
            next = page.Next;
            await Task.Delay(_time.GetElapsedTime(started) * RestPerWork, _time, stop);
        }
        while (next is not null);

        if (!_inspector.ListsOpenRecords)
        {
            _live = examined; // it has seen them all
        }
        else if (_time.GetUtcNow() >= _countAgain)
        {
            var started = _time.GetTimestamp();
            _live = await _inspector.CountAsync();
            _countAgain = _time.GetUtcNow() + (_time.GetElapsedTime(started) * RestPerCount);
        }

        _latest = new Census(began, _live ?? 0, inFlight, unknown, oldestInFlight.InOrder, oldestUnknown.InOrder);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _usable.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            _asked = Asked();
            try
            {
                if (!_circuit.IsOpen)
                {
                    await CountAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                StoreLog.CensusFailed(_logger, e); // the figures grow old, and say so
            }

            await _asked.Task.WaitAsync(Period, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource Asked() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IEnumerable<Measurement<T>> Measure<T>(Func<Census, T> figure)
        where T : struct => _latest is { } census ? [new Measurement<T>(figure(census))] : [];

    /// <summary>Keeps the first few by age.</summary>
    private sealed class OldestRecords
    {
        private readonly PriorityQueue<StoredRecord, long> _youngestFirst = new();

        public IReadOnlyList<StoredRecord> InOrder
        {
            get
            {
                var records = new List<StoredRecord>(_youngestFirst.Count);
                while (_youngestFirst.TryDequeue(out var record, out _))
                {
                    records.Add(record);
                }

                records.Reverse();
                return records;
            }
        }

        public void Add(StoredRecord record, DateTimeOffset since)
        {
            if (_youngestFirst.Count < Shown)
            {
                _youngestFirst.Enqueue(record, -since.UtcTicks);
            }
            else
            {
                _youngestFirst.EnqueueDequeue(record, -since.UtcTicks);
            }
        }
    }
}

/// <summary>What a pass has found.</summary>
/// <param name="At">When it began.</param>
/// <param name="OldestUnknown">By when they became so, oldest first.</param>
internal sealed record Census(DateTimeOffset At, long Live, long InFlight, long Unknown, IReadOnlyList<StoredRecord> OldestInFlight, IReadOnlyList<StoredRecord> OldestUnknown);
