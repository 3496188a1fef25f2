using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Gateway.Benchmarks.Whole;

/// <summary>Without a command: the comparison.</summary>
internal static partial class CommandLine
{
    public static Task<int> RunAsync(string[] args)
    {
        var rounds = new Option<int>("--rounds") { Description = "How often all cases are run.", DefaultValueFactory = _ => 9 };
        var seconds = new Option<int>("--seconds") { Description = "Of one case in one round.", DefaultValueFactory = _ => 2 };
        var warmUp = new Option<int>("--warm-up") { Description = "Seconds of each case before the first round.", DefaultValueFactory = _ => 10 };
        var only = new Option<string?>("--only") { Description = "Cases whose name has this, and what they are compared with." };
        var loads = new Option<string[]>("--load") { Description = "closed, paced, large.", DefaultValueFactory = _ => ["closed", "paced", "large"], AllowMultipleArgumentsPerToken = true };
        var environment = new Option<string[]>("--environment") { Description = "NAME=VALUE for the gateways and the plain proxy.", AllowMultipleArgumentsPerToken = true };
        var gateway = new Option<string>("--gateway") { Description = "Another Gateway.dll.", DefaultValueFactory = _ => typeof(Gateway.Program).Assembly.Location };
        var write = new Option<string[]>("--write") { Description = "Files whose lines between <!-- benchmarks --> and <!-- /benchmarks --> become the tables, and between <!-- cost --> and <!-- /cost --> their summary.", AllowMultipleArgumentsPerToken = true };
        var root = new RootCommand("Compares the gateway with itself without protection, with plain YARP, and with the backend alone. Needs wrk and redis-server.") { rounds, seconds, warmUp, only, loads, environment, gateway, write };
        root.SetAction((parsed, cancel) => InFolderAsync(async folder =>
        {
            var (tables, summary) = await CompareAsync(Options(parsed, folder), parsed.GetValue(loads)!);
            Console.WriteLine(tables);
            foreach (var file in parsed.GetValue(write) ?? [])
            {
                var text = await File.ReadAllTextAsync(file, cancel);
                text = Tables().Replace(text, _ => $"<!-- benchmarks -->\n{tables}<!-- /benchmarks -->");
                await File.WriteAllTextAsync(file, Cost().Replace(text, _ => $"<!-- cost -->\n{summary}<!-- /cost -->"), cancel);
            }
        }));
        var idle = new Command("idle", "An unprotected route beside plain YARP, several processes of each. Needs wrk and redis-server.") { rounds, seconds, warmUp, environment, gateway };
        idle.SetAction((parsed, _) => InFolderAsync(async folder => Console.WriteLine(await new Idle(Options(parsed, folder)).RunAsync())));
        root.Subcommands.Add(idle);
        var records = new Option<int>("--records") { Description = "The most that are live at once.", DefaultValueFactory = _ => 5_000_000 };
        var stores = new Option<string[]>("--store") { Description = string.Join(", ", BenchSite.Stores), DefaultValueFactory = _ => BenchSite.Stores, AllowMultipleArgumentsPerToken = true };
        var scale = new Command("scale", "Each store with 1 000, 100 000 and so many live records. Needs redis-server, some 5 GB of memory and as much on the disk.") { records, stores };
        scale.SetAction((parsed, _) => InFolderAsync(async folder => Console.WriteLine(await new Scale(folder, parsed.GetValue(records), parsed.GetValue(stores)!).RunAsync())));
        root.Subcommands.Add(scale);
        var requests = new Option<int>("--requests") { Description = "That are held at once.", DefaultValueFactory = _ => 5_000 };
        var longCalls = new Command("long", "Requests that a slow backend holds: memory, and what their leases cost.") { requests };
        longCalls.SetAction((parsed, _) => InFolderAsync(async folder =>
        {
            using var run = new LongCalls(BenchOptions.Alone(folder), parsed.GetValue(requests));
            Console.WriteLine(await run.RunAsync());
        }));
        root.Subcommands.Add(longCalls);
        return root.Parse(args).InvokeAsync();

        BenchOptions Options(ParseResult parsed, DirectoryInfo folder) => new()
        {
            Rounds = parsed.GetValue(rounds),
            Slice = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
            Only = parsed.GetValue(only),
            Environment = parsed.GetValue(environment)!.Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]),
            Gateway = parsed.GetValue(gateway)!,
            Folder = folder,
        };
    }

    private static async Task<int> InFolderAsync(Func<DirectoryInfo, Task> run)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-benchmark-");
        try
        {
            await run(folder);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(string Tables, string Summary)> CompareAsync(BenchOptions options, string[] loads)
    {
        var before = FreshMemory.MicrosecondsPerPage();
        using var site = await BenchSite.StartAsync(options);
        var settings = options.Environment.Count == 0 ? "" : $" Environment: {string.Join(" ", options.Environment.Select(pair => $"`{pair.Key}={pair.Value}`"))}.";
        var machine = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores ({Processor()}) for all of it, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}.{settings}");
        var tables = "";
        var done = new Dictionary<string, Comparison>();
        foreach (var name in loads)
        {
            var (load, size, title) = name switch
            {
                "closed" => (Load.Closed, 1024, "1 KiB both ways"),
                "paced" => (Load.Paced, 1024, "1 KiB both ways"),
                "large" => (Load.Closed, 65536, "Answers of 64 KiB"),
                _ => throw new ArgumentException($"--load {name} is none of closed, paced, large."),
            };
            using var comparison = new Comparison(site, load, options);
            var all = Comparison.Cases(site, size).ToList();
            var asked = all.Where(bench => options.Only is null || bench.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)).ToList();
            await comparison.RunAsync([.. all.Where(bench => asked.Contains(bench) || asked.Exists(one => one.Base == bench.Name))]);
            tables += $"\n{Report.Of(comparison, title)}";
            done[name] = comparison;
        }

        var memory = string.Create(CultureInfo.InvariantCulture, $"A page of fresh memory: {before:0.0} µs before the first case, {FreshMemory.MicrosecondsPerPage():0.0} µs after the last.");
        tables = $"{machine} {memory}\n{tables}";
        return (tables, done.TryGetValue("closed", out var closed) ? $"{machine}\n\n{Report.Summary(closed, done.GetValueOrDefault("paced"))}" : "");
    }

    private static string Processor() => File.Exists("/proc/cpuinfo") && Model().Match(File.ReadAllText("/proc/cpuinfo")) is { Success: true } match ? match.Groups[1].Value.Trim() : RuntimeInformation.ProcessArchitecture.ToString();

    [GeneratedRegex(@"model name\s*:\s*(.+)")]
    private static partial Regex Model();

    [GeneratedRegex("<!-- benchmarks -->.*<!-- /benchmarks -->", RegexOptions.Singleline)]
    private static partial Regex Tables();

    [GeneratedRegex("<!-- cost -->.*<!-- /cost -->", RegexOptions.Singleline)]
    private static partial Regex Cost();
}
