using System.Globalization;

namespace Gateway.Management.Pages;

/// <summary>Values as the console writes them.</summary>
internal static class Display
{
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("o", CultureInfo.InvariantCulture);

    /// <summary>"3 min", "2 h 5 min", "4 d 3 h": two units at most.</summary>
    public static string Span(TimeSpan span) => span.Duration() switch
    {
        { TotalSeconds: < 1 } => "under 1 s",
        { TotalMinutes: < 1 } s => Text($"{(int)s.TotalSeconds} s"),
        { TotalHours: < 1 } s => s.Seconds == 0 || s.TotalMinutes >= 10 ? Text($"{(int)s.TotalMinutes} min") : Text($"{s.Minutes} min {s.Seconds} s"),
        { TotalDays: < 1 } s => s.Minutes == 0 ? Text($"{s.Hours} h") : Text($"{s.Hours} h {s.Minutes} min"),
        var s => s.Hours == 0 ? Text($"{(int)s.TotalDays} d") : Text($"{(int)s.TotalDays} d {s.Hours} h"),
    };

    public static string Ago(DateTimeOffset at, DateTimeOffset now) => at <= now ? $"{Span(now - at)} ago" : $"in {Span(at - now)}";

    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202F');

    public static string Rate(double perSecond) => perSecond switch
    {
        0 => "0",
        < 0.1 => perSecond.ToString("0.00", CultureInfo.InvariantCulture),
        < 10 => perSecond.ToString("0.0", CultureInfo.InvariantCulture),
        _ => Number((long)Math.Round(perSecond)),
    };

    public static string Milliseconds(double value) => value.ToString(value < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>What came from outside: what would turn the direction of writing, and controls, are made visible.</summary>
    public static string Plain(string text) => text.Any(IsDeceptive) ? string.Concat(text.Select(c => IsDeceptive(c) ? '\uFFFD' : c)) : text;

    private static bool IsDeceptive(char c) => c is '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') || (char.IsControl(c) && c is not ('\n' or '\r' or '\t'));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
