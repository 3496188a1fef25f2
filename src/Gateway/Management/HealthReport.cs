using System.Text.Json.Serialization;
using Gateway.Configuration;
using Gateway.Idempotency.Forwarding;
using Gateway.Stores;

namespace Gateway.Management;

/// <summary>What <c>/health/ready</c> answers.</summary>
internal sealed class HealthReport(StoreSelfTest selfTest, StoreCircuit circuit, CompletionSpool spool, ConfigurationState configuration, IHostApplicationLifetime lifetime)
{
    /// <summary>
    /// Ready: started, not stopping, and the store has passed its self-test. A refused configuration does not make a gateway
    /// unready, as its last good one is in force; nor does a store that fails later, as other routes and policies go on. Both show.
    /// </summary>
    public ReadinessView Ready()
    {
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        var started = lifetime.ApplicationStarted.IsCancellationRequested;
        var snapshot = configuration.Current;
        return new ReadinessView(
            stopping ? "stopping" : !started ? "starting" : !selfTest.HasPassed ? "store-not-ready" : !spool.IsKnown ? "spool-not-read" : "ready",
            new StoreReadiness(selfTest.HasPassed ? "passed" : "not passed", circuit.IsOpen ? "failing" : "in use", spool.Count),
            new ConfigurationReadiness(snapshot.Faults.Count == 0 ? "in force" : "refused", snapshot.InForceSince, Math.Round(configuration.Age.TotalSeconds, 1), [.. snapshot.Faults.Select(fault => fault.ToString())]));
    }
}

public sealed record ReadinessView(string Status, StoreReadiness Store, ConfigurationReadiness Configuration)
{
    [JsonIgnore]
    public bool IsReady => Status == "ready";
}

/// <param name="State">"in use", or "failing": it fails all the time and is left alone until a probe succeeds.</param>
/// <param name="AnswersWaiting">Answers that clients were given and the store has not taken yet.</param>
public sealed record StoreReadiness(string SelfTest, string State, int AnswersWaiting);

/// <param name="AgeSeconds">How long the last good set has been in force.</param>
/// <param name="State">"in force", or "refused" when a newer set was refused and the last good one still serves.</param>
public sealed record ConfigurationReadiness(string State, DateTimeOffset InForceSince, double AgeSeconds, IReadOnlyList<string> Faults);
