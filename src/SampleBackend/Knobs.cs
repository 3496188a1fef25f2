using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace SampleBackend;

/// <summary>What a demonstration or a test turns to make the shop slow or faulty. An unset knob is null.</summary>
/// <param name="Delay">Milliseconds before answering. The charge comes first: a client that gives up has paid.</param>
/// <param name="DelayBefore">Milliseconds before charging.</param>
/// <param name="Fault">How the request goes wrong.</param>
/// <param name="Status">The status to answer with, after charging.</param>
/// <param name="Size">About how many bytes the answer's body shall have. Never makes it smaller.</param>
internal sealed record Knobs(int? Delay = null, int? DelayBefore = null, Fault? Fault = null, int? Status = null, int? Size = null)
{
    private const int TenMinutes = 600_000;
    private const int SixtyFourMebibytes = 64 * 1024 * 1024;

    private static readonly string[] Faults = [.. Enum.GetNames<Fault>().Select(name => name.ToLowerInvariant())];

    /// <summary>Every knob: its name in JSON and its request header.</summary>
    public static readonly IReadOnlyList<(string Name, string Header)> All =
    [
        ("delay", "X-Demo-Delay"),
        ("delayBefore", "X-Demo-Delay-Before"),
        ("fault", "X-Demo-Fault"),
        ("status", "X-Demo-Status"),
        ("size", "X-Demo-Size"),
    ];

    public static bool TryRead(
        IHeaderDictionary headers, [NotNullWhen(true)] out Knobs? knobs, [NotNullWhen(false)] out string? problem) =>
        // Several values under one header arrive joined by commas, which no knob takes.
        TryRead(name => headers[All.First(knob => knob.Name == name).Header] is { Count: > 0 } values ? values.ToString() : null, out knobs, out problem);

    public static bool TryRead(
        Func<string, string?> valueOf, [NotNullWhen(true)] out Knobs? knobs, [NotNullWhen(false)] out string? problem)
    {
        string? wrong = null;
        knobs = new Knobs(
            Number("delay", 0, TenMinutes),
            Number("delayBefore", 0, TenMinutes),
            OneOfFaults("fault"),
            Number("status", 200, 599),
            Number("size", 0, SixtyFourMebibytes));

        problem = wrong;
        knobs = problem is null ? knobs : null;
        return problem is null;

        int? Number(string name, int least, int most)
        {
            if (valueOf(name) is not { } text)
            {
                return null;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            {
                return value;
            }

            wrong ??= $"{name} takes a whole number from {least} to {most}";
            return null;
        }

        Fault? OneOfFaults(string name)
        {
            if (valueOf(name) is not { } text)
            {
                return null;
            }

            if (Array.IndexOf(Faults, text) is >= 0 and var value)
            {
                return (Fault)value;
            }

            wrong ??= $"{name} takes one of {string.Join(", ", Faults)}";
            return null;
        }
    }

    /// <summary>These knobs where they are set, otherwise the others.</summary>
    public Knobs Over(Knobs others) => new(
        Delay ?? others.Delay, DelayBefore ?? others.DelayBefore, Fault ?? others.Fault, Status ?? others.Status, Size ?? others.Size);
}
