using Gateway.Idempotency.Policies;

namespace Gateway.CommandLine;

/// <summary>The coverage of the routes for people: columns, and a line that counts.</summary>
internal static class RoutesTable
{
    public static async Task WriteAsync(TextWriter writer, RouteCoverage coverage)
    {
        List<string[]> rows = [["ROUTE", "MATCH", "POLICY", .. RouteCoverage.MutatingMethods], .. coverage.Routes.Select(Row)];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            await writer.WriteLineAsync(string.Join("  ", row.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
        }

        var counts = coverage.Counts;
        await writer.WriteLineAsync(
            $"{coverage.Routes.Count} of {coverage.RouteCount} routes take such methods: {counts.Protected} protected, {counts.Observed} observed, {counts.Off} off, {counts.Unprotected} unprotected.");
    }

    private static string[] Row(CoveredRoute route) =>
    [
        route.Route,
        route.Match.Text,
        route.Policy is null ? "-" : route.KeyRequired == false ? $"{route.Policy} (key optional)" : route.Policy,
        .. RouteCoverage.MutatingMethods.Select(method => route.Methods.FirstOrDefault(covered => covered.Method == method)?.Coverage ?? "-"),
    ];
}
