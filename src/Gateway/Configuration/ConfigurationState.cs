using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>What health tells of the configuration: since when the set in force is in force, and what is wrong with a newer one.</summary>
internal sealed class ConfigurationState(TimeProvider time)
{
    private volatile Snapshot _current = new(time.GetUtcNow(), []);

    public Snapshot Current => _current;

    /// <summary>How long the set in force has been in force.</summary>
    public TimeSpan Age => time.GetUtcNow() - _current.InForceSince;

    public void Applied() => _current = new Snapshot(time.GetUtcNow(), []);

    public void Refused(IReadOnlyList<ConfigurationFault> faults) => _current = _current with { Faults = faults };

    /// <param name="InForceSince">When the set in force was accepted.</param>
    /// <param name="Faults">Of a newer set that was refused; empty if there is none.</param>
    internal sealed record Snapshot(DateTimeOffset InForceSince, IReadOnlyList<ConfigurationFault> Faults);
}
