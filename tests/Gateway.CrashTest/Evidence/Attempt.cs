using System.Globalization;

namespace Gateway.CrashTest.Evidence;

/// <summary>One request and what came of it.</summary>
internal sealed class Attempt
{
    public required int Gateway { get; init; }

    public required double Started { get; init; }

    public double Ended { get; set; } = double.PositiveInfinity;

    /// <summary>Another body than the intent's.</summary>
    public required bool IsWrongBody { get; init; }

    public required Knobs Knobs { get; init; }

    /// <summary>Made when everything is whole again, to see what has become of the key.</summary>
    public required bool IsAudit { get; set; }

    public Outcome Outcome { get; set; } = new Outcome.NoAnswer("still running");

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Started,9:F3} to {Ended,9:F3}  gateway {Gateway}  {(IsAudit ? "audit  " : "")}{(IsWrongBody ? "other body  " : "")}{Knobs}-> {Outcome}");
}

/// <summary>What the request asks of the sample backend.</summary>
internal sealed record Knobs(int? DelayBefore = null, int? Delay = null, string? Fault = null, int? Status = null)
{
    public static readonly Knobs None = new();

    /// <summary>Its outcome may be unknown by these alone.</summary>
    public bool AreUnsettling => Fault is "reset" or "truncate" || (DelayBefore ?? 0) + (Delay ?? 0) >= 2000;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(DelayBefore is null ? "" : $"delay-before {DelayBefore}  ")}{(Delay is null ? "" : $"delay {Delay}  ")}{(Fault is null ? "" : $"{Fault}  ")}{(Status is null ? "" : $"status {Status}  ")}");
}
