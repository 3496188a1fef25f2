using System.Globalization;
using Gateway.CrashTest.Faults;
using Gateway.CrashTest.Planted;
using Gateway.CrashTest.Rules;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest;

/// <summary>Whole runs, and what is printed of them.</summary>
internal static class Runs
{
    /// <returns>The exit code.</returns>
    public static async Task<int> CrashAsync(IReadOnlyList<CrashOptions> stores)
    {
        var failed = 0;
        foreach (var options in stores)
        {
            if (options.Store == "Redis" && !RedisSite.IsInstalled && Environment.GetEnvironmentVariable("CI") is not "true")
            {
                Console.WriteLine("Redis: redis-server is not installed (Debian: apt-get install redis-server).");
                Console.WriteLine($"Passed: 0, Failed: 0, Skipped: {Enum.GetValues<Rule>().Length} (Redis)");
                continue;
            }

            options.Folder.Create();
            Console.WriteLine($"{options.Store}, seed {options.Seed}: {options.Gateways} gateways, {options.Clients} clients");
            using var run = new CrashRun(options, Console.WriteLine);
            await run.RunAsync();
            failed += Report(options, run);
        }

        return failed == 0 ? 0 : 1;
    }

    /// <returns>The exit code: 1 if a bug was not caught.</returns>
    public static async Task<int> PlantedAsync(IReadOnlyList<CrashOptions> stores, IReadOnlyList<string> names)
    {
        var repository = Repository();
        var missed = 0;
        Console.WriteLine("| planted bug | store | caught after | by |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var bug in PlantedBug.All(repository).Where(bug => names.Count == 0 || names.Contains(bug.Name)))
        {
            using var copy = new ThrowawayCopy();
            await copy.BuildAsync(repository, bug);
            foreach (var options in stores.Select(options => options with { Gateway = copy.Gateway, Folder = CrashOptions.NewFolder() }))
            {
                options.Folder.Create();
                using var run = new CrashRun(options, _ => { });
                await run.RunAsync();
                var first = run.Verdict.Violations.MinBy(violation => violation.At);
                missed += first is null ? 1 : 0;
                var rules = string.Join(", ", run.Verdict.Violations.Select(violation => (int)violation.Rule).Distinct().Order());
                Console.WriteLine(first is null
                    ? string.Create(CultureInfo.InvariantCulture, $"| `{bug.Name}`: {bug.What} | {options.Store} | NOT CAUGHT in {run.Seconds:F0} s | |")
                    : string.Create(CultureInfo.InvariantCulture, $"| `{bug.Name}`: {bug.What} | {options.Store} | {first.At - run.Served:F0} s | rule {rules} |"));
                foreach (var line in run.Tell().TakeWhile((line, number) => number == 0 || line.StartsWith(' ') || line.StartsWith("order", StringComparison.Ordinal)))
                {
                    await Console.Error.WriteLineAsync(line); // by which key it was noticed
                }

                options.Folder.Delete(recursive: true);
            }
        }

        return missed == 0 ? 0 : 1;
    }

    private static int Report(CrashOptions options, CrashRun run)
    {
        Say($"{run.Keys} keys, {run.Requests} requests, {run.Injected.Values.Sum()} faults in {run.Seconds:F0} s");
        Say($"keys at the end: {string.Join(", ", run.Ends.Select(end => $"{end.Value} {end.Key}"))}");
        Say($"faults: {string.Join(", ", run.Injected.OrderBy(fault => fault.Key).Select(fault => $"{fault.Value} {fault.Key}"))}");

        // A rule that was never put to the test has not been kept, and a fault that never came has not been survived.
        var missing = FaultInjector.Possible(options.Store).Except(run.Injected.Keys).ToList();
        foreach (var kind in missing)
        {
            Say($"{kind} never came: this machine is too slow, or the storm too short");
        }

        var broken = run.Verdict.Checks.Where(rule => rule.Value == 0).Select(rule => rule.Key).Concat(run.Verdict.Violations.Select(violation => violation.Rule)).ToHashSet();
        foreach (var (rule, checks) in run.Verdict.Checks)
        {
            Say($"{(broken.Contains(rule) ? "BROKEN" : "held"),-6}  {(int)rule} {rule}: {checks} checks");
        }

        foreach (var violation in run.Verdict.Violations.OrderBy(violation => violation.At).Take(5))
        {
            Say($"! {(int)violation.Rule} {violation.Rule} at {violation.At:F1} s: {violation.What}");
        }

        var failed = broken.Count + (missing.Count > 0 ? 1 : 0);
        Console.WriteLine($"Passed: {run.Verdict.Checks.Count - broken.Count}, Failed: {failed}, Skipped: 0 ({options.Store})");
        if (failed == 0)
        {
            options.Folder.Delete(recursive: true);
            return 0;
        }

        foreach (var line in run.Tell().Take(100))
        {
            Console.WriteLine("  " + line);
        }

        Say($"the histories of all those keys, and all logs: {options.Folder}");
        Say($"again: dotnet run --project tests/Gateway.CrashTest -- --store {options.Store} --seed {options.Seed} --minutes {options.Duration.TotalMinutes} --clients {options.Clients} --gateways {options.Gateways}");
        return failed;

        static void Say(FormattableString line) => Console.WriteLine("  " + line.ToString(CultureInfo.InvariantCulture));
    }

    private static DirectoryInfo Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Gateway.sln is in no folder above this program.");
        }

        return folder;
    }
}
