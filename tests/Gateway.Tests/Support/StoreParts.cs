using System.Diagnostics.Metrics;
using Gateway.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Support;

/// <summary>The way to a store as the gateway builds it: time limits and circuit around it.</summary>
internal sealed class StoreParts
{
    public StoreParts(IIdempotencyStore store, TimeProvider time, StoreLimits? limits = null, CapturedLog? log = null)
    {
        Limits = limits ?? new StoreLimits(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
        Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        Circuit = new StoreCircuit(store, Limits, time, Meters, log is null ? NullLogger<StoreCircuit>.Instance : new LoggerFactory([log]).CreateLogger<StoreCircuit>());
        Telemetry = new StoreTelemetry(Meters);
        Access = new StoreAccess(store, Circuit, Limits, Telemetry, time);
    }

    public StoreLimits Limits { get; }

    public IMeterFactory Meters { get; }

    public StoreCircuit Circuit { get; }

    public StoreTelemetry Telemetry { get; }

    public StoreAccess Access { get; }
}
