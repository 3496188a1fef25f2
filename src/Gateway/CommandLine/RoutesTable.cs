using System.Text.Json.Nodes;
using Gateway.Idempotency.Policies;

namespace Gateway.CommandLine;

/// <summary>The coverage of the routes for people: columns, and a line that counts.</summary>
internal static class RoutesTable
{
    public static async Task WriteAsync(TextWriter writer, RouteCoverage coverage)
    {
        await TextTable.WriteAsync(writer, [["ROUTE", "MATCH", "POLICY", .. RouteCoverage.MutatingMethods], .. coverage.Routes.Select(Row)]);
        var counts = coverage.Counts;
        await writer.WriteLineAsync(
            $"{coverage.Routes.Count} of {coverage.RouteCount} routes take such methods: {counts.Protected} protected, {counts.Observed} observed, {counts.Off} off, {counts.Unprotected} unprotected.");
    }

    /// <param name="coverage">What <c>/admin/coverage</c> answers.</param>
    public static async Task WriteLiveAsync(TextWriter writer, JsonNode coverage)
    {
        await TextTable.WriteAsync(writer,
        [
            ["ROUTE", "MATCH", "POLICY", .. RouteCoverage.MutatingMethods, "#PROTECTED", "#OBSERVED", "#UNPROTECTED", "#WITH KEY"],
            .. coverage["routes"]!.AsArray().Select(route => LiveRow(route!)),
        ]);
        await writer.WriteLineAsync($"{coverage["summary"]}. # requests since the gateway's start; # with key: those that no policy looked at although they carried a key.");
    }

    private static string[] LiveRow(JsonNode route)
    {
        var methods = route["methods"]!.AsArray().ToDictionary(method => (string)method!["method"]!, method => (string)method!["coverage"]!);
        var traffic = route["traffic"]!;
        return
        [
            $"{route["route"]}", $"{route["match"]}", $"{route["policy"] ?? "-"}", .. RouteCoverage.MutatingMethods.Select(method => methods.GetValueOrDefault(method) ?? "-"),
            $"{traffic["protected"]}", $"{traffic["observed"]}", $"{traffic["unprotected"]}", $"{traffic["unprotectedWithKey"]}",
        ];
    }

    private static string[] Row(CoveredRoute route) =>
    [
        route.Route,
        route.Match.Text,
        route.Policy is null ? "-" : route.KeyRequired == false ? $"{route.Policy} (key optional)" : route.Policy,
        .. RouteCoverage.MutatingMethods.Select(method => route.Methods.FirstOrDefault(covered => covered.Method == method)?.Coverage ?? "-"),
    ];
}
