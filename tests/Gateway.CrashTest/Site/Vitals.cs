using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Gateway.CrashTest.Site;

/// <summary>A gateway at rest: what it holds, by its own instruments and the system's.</summary>
/// <param name="Heap">Bytes, after a full collection.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Running">Protected requests in flight.</param>
internal sealed record Vitals(long Heap, int Handles, long Running)
{
    private const long CollectTheHeap = 0x80_0000; // GCHeapCollect, Microsoft-Windows-DotNETRuntime
    private const long TimeSeries = 0x2; // System.Diagnostics.Metrics
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<Vitals> OfAsync(int process)
    {
        var values = new Dictionary<string, double>();
        var client = new DiagnosticsClient(process);
        EventPipeProvider[] providers =
        [
            new("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, CollectTheHeap),
            new("System.Diagnostics.Metrics", EventLevel.Informational, TimeSeries, new Dictionary<string, string>
            {
                ["SessionId"] = Guid.NewGuid().ToString(),
                ["Metrics"] = "System.Runtime,Gateway.Idempotency",
                ["RefreshInterval"] = "0.5",
                ["MaxTimeSeries"] = "1000",
                ["MaxHistograms"] = "10",
            }),
        ];
        using var session = await client.StartEventPipeSessionAsync(providers, requestRundown: false, circularBufferMB: 64, CancellationToken.None);
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listening = Task.Run(() =>
        {
            using var source = new EventPipeEventSource(session.EventStream);
            var rounds = 0;
            source.Dynamic.All += e =>
            {
                if (e.ProviderName != "System.Diagnostics.Metrics")
                {
                    return;
                }

                if (e.EventName == "Collection/Stop" && ++rounds == 2)
                {
                    seen.TrySetResult();
                }

                if (e.EventName is "UpDownCounterRateValuePublished")
                {
                    values[$"{e.PayloadByName("instrumentName")} {e.PayloadByName("tags")}"] = double.Parse((string)e.PayloadByName("value"), CultureInfo.InvariantCulture);
                }
            };
            source.Process();
        });
        await Task.WhenAny(seen.Task, listening).WaitAsync(Patience);
        await session.StopAsync(CancellationToken.None);
        await listening.WaitAsync(Patience);

        return new Vitals(
            (long)Sum("dotnet.gc.last_collection.heap.size"),
            Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd")).Length,
            (long)Sum("gateway.idempotency.requests.running"));

        double Sum(string instrument)
        {
            var found = values.Where(value => value.Key.StartsWith(instrument + " ", StringComparison.Ordinal)).ToList();
            return found.Count > 0 ? found.Sum(value => value.Value) : throw new InvalidOperationException($"Process {process} tells no {instrument}.");
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"heap {Heap / 1024.0 / 1024.0:F1} MB, {Handles} handles, {Running} running");
}
