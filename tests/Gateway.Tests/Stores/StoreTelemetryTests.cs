using System.Diagnostics;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

public sealed class StoreTelemetryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FaultyStore _store;
    private readonly StoreParts _parts;

    public StoreTelemetryTests()
    {
        _store = new FaultyStore(new InMemoryStore(_time));
        _parts = new StoreParts(_store, _time);
    }

    [Theory]
    [InlineData(StoreVerb.Begin, "begin")]
    [InlineData(StoreVerb.Find, "find")]
    [InlineData(StoreVerb.Renew, "renew")]
    [InlineData(StoreVerb.Complete, "complete")]
    [InlineData(StoreVerb.MarkUnknown, "mark_unknown")]
    [InlineData(StoreVerb.Release, "release")]
    internal void Each_verb_has_its_name(StoreVerb verb, string name) => Assert.Equal(name, StoreTelemetry.Name(verb));

    [Fact]
    public async Task A_call_is_timed_by_verb_and_result()
    {
        using var durations = new MetricCollector<double>(_parts.Meters, StoreMeter.Name, StoreMeter.StoreDuration);
        _store.Before = verb =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(40));
            return verb == "release" ? throw new IOException("down") : Task.CompletedTask;
        };

        var request = Request();
        await _parts.Access.BeginAsync(request);
        await Assert.ThrowsAsync<StoreCallException>(async () =>
            await _parts.Access.CallAsync(StoreVerb.Release, request, static (store, r) => store.ReleaseAsync(r.Key, r.Claim)));

        Assert.Equal(
            [("begin", "ok", 0.04), ("release", "failed", 0.04)],
            durations.GetMeasurementSnapshot().Select(measured => ((string)measured.Tags["verb"]!, (string)measured.Tags["result"]!, Math.Round(measured.Value, 6))));
        Assert.Equal(new StoreTotals(2, 1, TimeSpan.FromMilliseconds(80)), _parts.Telemetry.Totals);
    }

    [Fact]
    public async Task A_requests_call_is_an_activity_in_its_trace_and_work_behind_the_requests_is_none()
    {
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StoreTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (ended)
                {
                    ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        _store.Before = verb => verb == "release" ? throw new IOException("the message has a secret") : Task.CompletedTask;
        var request = Request();

        await _parts.Access.BeginAsync(request); // nobody's request
        using var parent = new Activity("request").Start();
        await _parts.Access.BeginAsync(request);
        await Assert.ThrowsAsync<StoreCallException>(async () =>
            await _parts.Access.CallAsync(StoreVerb.Release, request, static (store, r) => store.ReleaseAsync(r.Key, r.Claim)));
        parent.Stop();

        Activity[] own;
        lock (ended)
        {
            own = [.. ended.Where(activity => activity.TraceId == parent.TraceId)];
        }

        Assert.Equal(["idempotency begin", "idempotency release"], own.Select(activity => activity.OperationName));
        Assert.All(own, activity => Assert.Equal((parent.SpanId, ActivityKind.Client), (activity.ParentSpanId, activity.Kind)));
        Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], own.Select(activity => activity.Status));
        Assert.DoesNotContain(own, activity => activity.TagObjects.Any(tag => tag.Value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true) || activity.StatusDescription is not null);
    }

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = default,
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("o", "k", 0),
    };
}
