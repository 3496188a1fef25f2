using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.CommandLine;

/// <summary><c>gateway keys</c>: finds, shows and resolves the records of a running gateway.</summary>
internal static class KeysCommand
{
    private const string Connection = """
        It calls the gateway that runs with this configuration (Management:Url, Management:ApiKey); another one by
        --Management:Url=http://host:9090 and Management__ApiKey in the environment.

        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly string[] States = ["in-flight", "completed", "unknown"];

    public static Command Create() => new("keys", "Finds, shows and resolves keys (records) of a running gateway, by its admin API.") { Find(), Show(), Resolve(), Delete() };

    private static Command Find()
    {
        var state = new Option<string?>("--state") { Description = "unknown and in-flight come oldest first, all others newest first." };
        state.AcceptOnlyFromAmong(States);
        var operation = new Option<string?>("--operation") { Description = "As the policy or the route names it.", HelpName = "name" };
        var key = new Option<string?>("--key") { Description = "The client's key.", HelpName = "key" };
        var olderThan = Age("--older-than", "First seen longer ago than this, as in 90s, 15m, 2h, 1d.");
        var newerThan = Age("--newer-than", "First seen within this time.");
        var limit = new Option<int>("--limit") { Description = "Records, at most.", DefaultValueFactory = _ => 20, HelpName = "number" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 500))
            {
                result.AddError("--limit is a number from 1 to 500.");
            }
        });
        var json = Json();
        var command = new Command("find", "Finds records.") { state, operation, key, olderThan, newerThan, limit, json };
        return Connected(command, async (client, parsed) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var query = new Dictionary<string, string?>
            {
                ["state"] = parsed.GetValue(state),
                ["operation"] = parsed.GetValue(operation),
                ["key"] = parsed.GetValue(key),
                ["createdBefore"] = Before(parsed.GetValue(olderThan)),
                ["createdAfter"] = Before(parsed.GetValue(newerThan)),
                ["limit"] = parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture),
            }.Where(pair => pair.Value is not null).ToDictionary();

            // Page by page until there are enough: a page ends after some thousand records that were looked at.
            var found = new JsonArray();
            string? next = null;
            do
            {
                query["cursor"] = next ?? "";
                var page = (await client.CallAsync(HttpMethod.Get, QueryHelpers.AddQueryString("/admin/records", query)))!;
                foreach (var record in page["records"]!.AsArray().Take(parsed.GetValue(limit) - found.Count))
                {
                    found.Add(record!.DeepClone());
                }

                next = (string?)page["next"];
            }
            while (next is not null && found.Count < parsed.GetValue(limit));

            await (parsed.GetValue(json) ? Console.Out.WriteLineAsync(found.ToJsonString(Indented)) : KeysText.WriteAsync(Console.Out, found, next is not null, now));

            string? Before(string? age) => age is null ? null : (now - ParseAge(age)!.Value).ToString("o", CultureInfo.InvariantCulture);
        }, """
            Examples:
              gateway keys find --state unknown
              gateway keys find --key order-4711 --newer-than 2h
            """);
    }

    private static Command Show()
    {
        var id = Id();
        var body = new Option<bool>("--body") { Description = "The answer's body as well, if the policy allows it (ShowBody)." };
        var json = Json();
        return Connected(new Command("show", "Shows one record: its life, its answer, what operators did with it.") { id, body, json }, async (client, parsed) =>
        {
            var record = (await client.CallAsync(HttpMethod.Get, $"/admin/records/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}?body={(parsed.GetValue(body) ? "true" : "false")}"))!;
            await (parsed.GetValue(json) ? Console.Out.WriteLineAsync(record.ToJsonString(Indented)) : KeysText.ShowAsync(Console.Out, record, TimeProvider.System.GetUtcNow()));
        }, """
            Example, with the 16 digits of a log line:
              gateway keys show 763e4e5ad282e883
            """);
    }

    private static Command Resolve()
    {
        var id = Id();
        var released = new Option<bool>("--released") { Description = "It did not take effect: the record goes, and the next request with its key runs." };
        var status = new Option<int?>("--completed") { Description = "It took effect: every retry gets an answer with this status.", HelpName = "status" };
        var type = new Option<string?>("--content-type") { Description = "Of the answer's body. [default: application/json]", HelpName = "type" };
        var bodyFile = new Option<FileInfo?>("--body-file") { Description = "The answer's body.", HelpName = "file" };
        var header = new Option<string[]>("--header") { Description = "A header of the answer, as in 'Location: /payments/7'. May be given several times.", HelpName = "line" };
        var command = new Command("resolve", "Says what became of an unknown record. Find out first: one that is released wrongly runs twice.") { id, released, status, type, bodyFile, header };
        var change = Change(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(released) == (result.GetValue(status) is not null))
            {
                result.AddError("Say either --completed <status> or --released.");
            }

            if (result.GetValue(released) && (result.GetValue(bodyFile) is not null || result.GetValue(type) is not null || result.GetValue(header) is { Length: > 0 }))
            {
                result.AddError("A record that is released has no answer.");
            }

            if (result.GetValue(bodyFile) is { Exists: false } missing)
            {
                result.AddError($"'{missing.FullName}' is not there.");
            }

            if (result.GetValue(header)?.FirstOrDefault(line => !line.Contains(':')) is { } wrong)
            {
                result.AddError($"'{wrong}' is no header line: write 'Name: value'.");
            }
        });
        return Connected(command, async (client, parsed) =>
        {
            var call = change.Read(parsed);
            call["outcome"] = parsed.GetValue(released) ? "released" : "completed";
            if (parsed.GetValue(status) is { } number)
            {
                var answer = new JsonObject { ["status"] = number };
                var headers = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
                foreach (var line in parsed.GetValue(header) ?? [])
                {
                    var colon = line.IndexOf(':', StringComparison.Ordinal);
                    Add(line[..colon].Trim(), line[(colon + 1)..].Trim());
                }

                if (parsed.GetValue(bodyFile) is { } file)
                {
                    answer["bodyBase64"] = Convert.ToBase64String(await File.ReadAllBytesAsync(file.FullName));
                    Add("Content-Type", parsed.GetValue(type) ?? "application/json");
                }

                answer["headers"] = JsonSerializer.SerializeToNode(headers);
                call["answer"] = answer;

                void Add(string name, string value)
                {
                    if (!headers.TryGetValue(name, out var values))
                    {
                        headers[name] = values = [];
                    }

                    values.Add(value);
                }
            }

            await client.CallAsync(HttpMethod.Post, $"/admin/records/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/resolve", call);
            await Console.Out.WriteLineAsync(parsed.GetValue(released) ? "Released: the next request with its key runs." : "Completed: every retry gets this answer.");
        }, """
            Examples:
              gateway keys resolve 763e4e5ad282e883 --seen 9fa1f30d37d44ad1 --released --reason "no charge in the ledger, OPS-12"
              gateway keys resolve 763e4e5ad282e883 --seen 9fa1f30d37d44ad1 --completed 200 --body-file answer.json --reason "charged, OPS-12"
            """);
    }

    private static Command Delete()
    {
        var id = Id();
        var command = new Command("delete", "Removes a record that is not in flight. The next request with its key runs, also where it has run before.") { id };
        var change = Change(command);
        return Connected(command, async (client, parsed) =>
        {
            await client.CallAsync(HttpMethod.Delete, $"/admin/records/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", change.Read(parsed));
            await Console.Out.WriteLineAsync("Deleted: the next request with its key runs.");
        }, "");
    }

    private static Command Connected(Command command, Func<AdminClient, ParseResult, Task> run, string examples)
    {
        var arguments = new SettingArguments();
        arguments.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            try
            {
                using var client = new AdminClient(Program.Builder(arguments.Read(parsed)).Configuration);
                await run(client, parsed);
                return ExitCode.Success;
            }
            catch (AdminException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Failure;
            }
        });
        HelpText.Add(command, $"{Connection}{examples}\n\nExit codes: 0 success; 1 the gateway refused it, or does not answer; 2 a wrong command line.".Replace("\n\n\n", "\n\n", StringComparison.Ordinal));
        return command;
    }

    private static Argument<string> Id() => new("record") { Description = "32 hexadecimal digits, or the 16 that logs have.", HelpName = "record" };

    private static Option<bool> Json() => new("--json") { Description = "As JSON, for other programs." };

    private static Option<string?> Age(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "age" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ParseAge(token.Value) is null)
            {
                result.AddError($"'{token.Value}' is no age: write a number and s, m, h or d, as in 15m.");
            }
        });
        return option;
    }

    private static TimeSpan? ParseAge(string text) =>
        text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' when number <= 3660 => TimeSpan.FromDays(number),
                _ => null,
            }
            : null;

    private static ChangeOptions Change(Command command)
    {
        var options = new ChangeOptions(
            new Option<string>("--seen") { Description = "The record's version that 'gateway keys show' told: if it has changed since, nothing is done.", HelpName = "version", Required = true },
            new Option<string>("--by") { Description = "Who you are, for the audit log.", HelpName = "name", DefaultValueFactory = _ => Environment.UserName },
            new Option<string>("--reason") { Description = "Why, for the audit log.", HelpName = "text", Required = true });
        command.Add(options.Seen);
        command.Add(options.By);
        command.Add(options.Reason);
        return options;
    }

    private sealed record ChangeOptions(Option<string> Seen, Option<string> By, Option<string> Reason)
    {
        public JsonObject Read(ParseResult parsed) => new()
        {
            ["version"] = parsed.GetValue(Seen),
            ["by"] = parsed.GetValue(By),
            ["reason"] = parsed.GetValue(Reason),
        };
    }
}
