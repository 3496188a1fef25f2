using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Management.Pages;

namespace Gateway.CommandLine;

/// <summary>Records as text for a terminal. Keys and reasons come from clients and people: what could move a cursor is not printed.</summary>
internal static class KeysText
{
    public static async Task WriteAsync(TextWriter writer, JsonArray records, bool isCut, DateTimeOffset now)
    {
        await TextTable.WriteAsync(writer, [["RECORD", "STATE", "OPERATION", "KEY", "FIRST SEEN", "SETTLED"], .. records.Select(record => Row(record!, now))]);
        await writer.WriteLineAsync(isCut ? $"{records.Count} records, and there are more (--limit)." : records.Count == 1 ? "1 record." : $"{records.Count} records.");
    }

    public static async Task ShowAsync(TextWriter writer, JsonNode details, DateTimeOffset now)
    {
        var record = details["record"]!;
        var state = (string?)record["state"];
        await writer.WriteLineAsync($"""
            Record     {record["id"]}
            State      {state}
            Operation  {Clean(record["operation"])}
            Key        {Clean(record["key"])}
            Caller     {record["actor"]} (a digest)
            Version    {record["version"]}
            """);
        if (details["running"] is { } running)
        {
            await writer.WriteLineAsync($"Runs at this gateway, for {running["seconds"]} s{((bool)running["hasLostClient"]! ? ", without its client" : "")}.");
        }

        if ((bool)details["answerWaitsHere"]!)
        {
            await writer.WriteLineAsync("Its answer was given and waits at this gateway for the store; it comes home by itself.");
        }

        await writer.WriteLineAsync("\nIts life");
        foreach (var moment in details["timeline"]!.AsArray())
        {
            var at = (DateTimeOffset)moment!["at"]!;
            await writer.WriteLineAsync($"  {Display.Time(at)}  {Display.Ago(at, now),-18}  {Clean(moment["what"])}");
        }

        if (details["answerProblem"] is { } problem)
        {
            await writer.WriteLineAsync($"\nIts answer cannot be read: {Clean(problem)}");
        }

        if (details["answer"] is { } answer)
        {
            await writer.WriteLineAsync($"\nIts answer\n  {answer["status"]} {Clean(answer["reasonPhrase"])}, {answer["bodySize"]} bytes{((bool)answer["isRetained"]! ? "" : "; not kept: retries hear response-not-retained")}");
            foreach (var header in answer["headers"]!.AsArray().Concat(answer["trailers"]!.AsArray()))
            {
                await writer.WriteLineAsync($"  {Clean(header!["name"])}: {Clean(header["value"])}");
            }

            if (answer["body"] is { } body)
            {
                await writer.WriteLineAsync($"\n{Clean(Encoding.UTF8.GetString(Convert.FromBase64String((string)body!)), keepLines: true)}");
            }
            else if ((string?)answer["bodyWithheld"] is { } why)
            {
                await writer.WriteLineAsync($"  (body: {why})");
            }
        }

        if (state == "unknown")
        {
            await writer.WriteLineAsync($"""

                Find out whether it took effect, then say so:
                  gateway keys resolve {record["id"]} --seen {record["version"]} --completed 200 --body-file answer.json --reason "…"
                  gateway keys resolve {record["id"]} --seen {record["version"]} --released --reason "…"
                """);
        }
    }

    private static string[] Row(JsonNode record, DateTimeOffset now) =>
    [
        ((string)record["id"]!)[..16], (string)record["state"]!, Clean(record["operation"]), Clean(record["key"]), Ago(record["createdAt"], now), Ago(record["settledAt"], now),
    ];

    private static string Ago(JsonNode? at, DateTimeOffset now) => at is null ? "-" : Display.Ago((DateTimeOffset)at, now);

    private static string Clean(JsonNode? text) => Clean((string?)text ?? "");

    private static string Clean(string text, bool keepLines = false) =>
        string.Concat(text.Select(c => char.IsControl(c) && !(keepLines && c is '\n' or '\t') || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? '\uFFFD' : c));
}
