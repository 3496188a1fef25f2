using System.Globalization;

namespace Gateway.CrashTest.Evidence;

/// <summary>When a fault was on.</summary>
/// <param name="gateway">The one it was at; null: at all of them.</param>
internal sealed class FaultWindow(string kind, int? gateway, double from)
{
    public string Kind => kind;

    public int? Gateway => gateway;

    public double From => from;

    public double To { get; set; } = double.PositiveInfinity;

    public bool Touches(double start, double end) => from <= end && To >= start;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{from,9:F3} to {To,9:F3}  ** {kind}{(gateway is null ? "" : $", gateway {gateway}")}");
}
