using System.Diagnostics.Metrics;
using Gateway.Idempotency.Policies;
using Gateway.Stores;

namespace Gateway.Configuration;

/// <summary>What health tells of the configuration: since when the set in force is in force, and what is wrong with a newer one.</summary>
internal sealed class ConfigurationState
{
    public const string RefusedInstrument = "gateway.idempotency.configuration.refused";
    public const string AgeInstrument = "gateway.idempotency.configuration.age";

    private readonly TimeProvider _time;
    private volatile Snapshot _current;

    public ConfigurationState(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _current = new Snapshot(time.GetUtcNow(), []);
        var meter = meters.Create(StoreMeter.Name);
        meter.CreateObservableGauge(RefusedInstrument, () => Current.Faults.Count > 0 ? 1 : 0, unit: "1", description: "1 while a newer configuration was refused and the last good one is in force, else 0.");
        meter.CreateObservableGauge(AgeInstrument, () => Age.TotalSeconds, unit: "s", description: "How long the configuration in force has been in force.");
    }

    public Snapshot Current => _current;

    /// <summary>How long the set in force has been in force.</summary>
    public TimeSpan Age => _time.GetUtcNow() - _current.InForceSince;

    public void Applied() => _current = new Snapshot(_time.GetUtcNow(), []);

    public void Refused(IReadOnlyList<ConfigurationFault> faults) => _current = _current with { Faults = faults };

    /// <param name="InForceSince">When the set in force was accepted.</param>
    /// <param name="Faults">Of a newer set that was refused; empty if there is none.</param>
    internal sealed record Snapshot(DateTimeOffset InForceSince, IReadOnlyList<ConfigurationFault> Faults);
}
