using System.Diagnostics.Metrics;
using Gateway.Idempotency.Observation;
using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Idempotency.Observation;

public sealed class SuspectedDuplicatesTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider _time = new();
    private readonly CapturedLog _log = new();
    private readonly MetricCollector<long> _counter;
    private readonly SuspectedDuplicates _duplicates;

    public SuspectedDuplicatesTests()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _counter = new MetricCollector<long>(meters, StoreMeter.Name, RequestMeter.SuspectedDuplicates);
        _duplicates = new SuspectedDuplicates(meters, _time, new LoggerFactory([_log]).CreateLogger<SuspectedDuplicates>());
    }

    public void Dispose() => _counter.Dispose();

    [Fact]
    public void The_same_under_another_key_within_the_window_is_counted_shown_and_logged()
    {
        Look(Request(1));
        _counter.RecordObservableInstruments();
        Assert.Equal(0, _counter.LastMeasurement!.Value); // so that the first one is a rise
        _time.Advance(Window);
        Look(Request(2));

        var found = Assert.Single(_duplicates.Latest);
        Assert.Equal((new RecordKey(2), new RecordKey(1), "pay", Window), (found.Record, found.Before, found.Operation, found.Apart));
        _counter.RecordObservableInstruments();
        Assert.Equal((1L, "pay"), (_counter.LastMeasurement!.Value, _counter.LastMeasurement.Tags["operation"]));
        Assert.Contains(_log.Entries, entry => entry.Event == "DuplicateSuspected" && entry.Level == LogLevel.Information);
    }

    [Fact]
    public void A_client_that_does_it_all_the_time_fills_no_log_and_is_counted_all_the_same()
    {
        for (UInt128 key = 1; key <= 101; key++)
        {
            Look(Request(key));
        }

        Assert.Single(_log.Entries);
        _time.Advance(TimeSpan.FromSeconds(1));
        Look(Request(102));
        Assert.Equal(2, _log.Entries.Count);
        Assert.Contains("99 more", _log.Entries.Last().Message, StringComparison.Ordinal);
        _counter.RecordObservableInstruments();
        Assert.Equal(101, _counter.LastMeasurement!.Value);
    }

    [Fact]
    public void Behind_the_window_nothing_is_suspected()
    {
        Look(Request(1));
        _time.Advance(Window + Tick);
        Look(Request(2));
        Assert.Empty(_duplicates.Latest);
    }

    [Fact]
    public void A_window_of_zero_looks_at_nothing()
    {
        _duplicates.Look(Request(1), TimeSpan.Zero);
        Look(Request(2));
        Assert.Empty(_duplicates.Latest);
    }

    [Fact]
    public void The_same_key_again_is_no_duplicate()
    {
        Look(Request(1));
        Look(Request(1)); // it was released, and runs again
        Assert.Empty(_duplicates.Latest);
    }

    [Fact]
    public void Another_caller_operation_or_request_is_no_duplicate()
    {
        Look(Request(1));
        Look(Request(2) with { Label = new RecordLabel("pay", "k", 8) });
        Look(Request(3) with { Label = new RecordLabel("refund", "k", 7) });
        Look(Request(4) with { Fingerprint = new Fingerprint(9, 2, 3) });
        Look(Request(5) with { Fingerprint = new Fingerprint(1, 9, 3) });
        Look(Request(6) with { Fingerprint = new Fingerprint(1, 2, 9) });
        Assert.Empty(_duplicates.Latest);
    }

    [Fact]
    public void A_third_one_is_measured_from_the_second()
    {
        Look(Request(1));
        _time.Advance(Window);
        Look(Request(2));
        _time.Advance(Window);
        Look(Request(3));
        Assert.Equal([new RecordKey(2), new RecordKey(1)], _duplicates.Latest.Select(found => found.Before));
    }

    [Fact]
    public void It_looks_back_over_a_bounded_number_of_requests_and_shows_a_bounded_number()
    {
        Look(Request(1));
        for (UInt128 other = 10; other < 10 + RecentRequests.GenerationSize - 1; other++)
        {
            Look(Request(other, body: other));
        }

        Look(Request(2)); // the first one is in the older generation by now, and found
        Assert.Single(_duplicates.Latest);
        for (UInt128 other = 100_000; other < 100_000 + (2 * RecentRequests.GenerationSize); other++)
        {
            Look(Request(other, body: other));
        }

        Look(Request(3)); // forgotten
        Assert.Single(_duplicates.Latest);
        for (UInt128 again = 1000; again < 1100; again++)
        {
            Look(Request(again));
        }

        Assert.Equal(50, _duplicates.Latest.Count);
        Assert.Equal(new RecordKey(1099), _duplicates.Latest[0].Record);
    }

    private void Look(BeginRequest request) => _duplicates.Look(request, Window);

    private static BeginRequest Request(UInt128 key, UInt128? body = null) => new()
    {
        Key = new RecordKey(key),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, body ?? 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(24),
        Label = new RecordLabel("pay", "k", 7),
    };
}
