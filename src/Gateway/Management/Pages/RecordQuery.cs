using Gateway.Management.Records;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Management.Pages;

/// <summary>What stands in the console's search form.</summary>
public sealed record RecordQuery(string? Text, string? State, string? Operation, string? Age, string? Cursor)
{
    public static readonly (string Value, string Name)[] Ages =
        [("", "any time"), ("h1", "in the last hour"), ("h24", "in the last 24 hours"), ("o5m", "more than 5 minutes ago"), ("o1h", "more than an hour ago"), ("o1d", "more than a day ago")];

    public RecordFilter Filter(DateTimeOffset now) => new(
        RecordView.StateNamed(State),
        Empty(Operation),
        Empty(Text?.Trim()),
        Age switch { "h1" => now.AddHours(-1), "h24" => now.AddDays(-1), _ => null },
        Age switch { "o5m" => now.AddMinutes(-5), "o1h" => now.AddHours(-1), "o1d" => now.AddDays(-1), _ => null });

    public string NextPage(string cursor) => QueryHelpers.AddQueryString("/console/records", new Dictionary<string, string?>
    {
        ["q"] = Empty(Text),
        ["state"] = Empty(State),
        ["operation"] = Empty(Operation),
        ["age"] = Empty(Age),
        ["cursor"] = cursor,
    });

    private static string? Empty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
