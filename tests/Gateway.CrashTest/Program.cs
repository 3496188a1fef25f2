using System.CommandLine;
using System.Globalization;
using Gateway.CrashTest.Faults;
using Gateway.CrashTest.Rules;
using Gateway.Tests.Support;

namespace Gateway.CrashTest;

/// <summary>Kills, freezes and cuts off real gateways under real load, and checks afterwards that each promise was kept.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var store = new Option<string[]>("--store") { Description = "Sqlite, Redis, SqlServer; default: Sqlite, Redis, and SqlServer if GATEWAY_TEST_SQLSERVER names one.", AllowMultipleArgumentsPerToken = true };
        store.AcceptOnlyFromAmong("Sqlite", "Redis", "SqlServer");
        var seed = new Option<int?>("--seed") { Description = "Decides what clients do and which faults come when. Default: any; it is printed." };
        var minutes = new Option<double>("--minutes") { Description = "How long rounds are begun, for each store. Default: 0, one round.", DefaultValueFactory = _ => 0 };
        var storm = new Option<double>("--storm") { Description = "Seconds of faults in each round.", DefaultValueFactory = _ => 14 };
        var gateways = new Option<int>("--gateways") { Description = "How many share the store.", DefaultValueFactory = _ => 3 };
        var clients = new Option<int>("--clients") { Description = "How many ask at once.", DefaultValueFactory = _ => 16 };
        var gateway = new Option<FileInfo?>("--gateway") { Description = "The Gateway.dll to test. Default: the one this was built with." };
        var keep = new Option<bool>("--keep") { Description = "Keeps files and logs of a run without violations, too." };
        var command = new RootCommand("Kills, freezes and cuts off gateways under load, and checks that every promise was kept.") { store, seed, minutes, storm, gateways, clients, gateway, keep };
        command.SetAction(async (parsed, _) =>
        {
            var stores = parsed.GetValue(store) is { Length: > 0 } given ? given : SqlServerAccess.ConnectionString is null ? ["Sqlite", "Redis"] : ["Sqlite", "Redis", "SqlServer"];
            var number = parsed.GetValue(seed) ?? Random.Shared.Next(1_000_000);
            var failed = 0;
            foreach (var name in stores)
            {
                var options = new CrashOptions(
                    name,
                    number,
                    TimeSpan.FromMinutes(parsed.GetValue(minutes)),
                    TimeSpan.FromSeconds(parsed.GetValue(storm)),
                    parsed.GetValue(gateways),
                    parsed.GetValue(clients),
                    parsed.GetValue(gateway)?.FullName ?? typeof(Gateway.Program).Assembly.Location,
                    typeof(SampleBackend.Program).Assembly.Location,
                    NewFolder());
                failed += await RunAsync(options, parsed.GetValue(keep));
            }

            return failed == 0 ? 0 : 1;
        });
        return await command.Parse(args).InvokeAsync();
    }

    /// <summary>In memory where that can be: what is killed here are processes, never the machine, and a slow disk would only make it tamer.</summary>
    private static DirectoryInfo NewFolder() =>
        Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"gateway-crash-{Guid.NewGuid():N}"));

    private static async Task<int> RunAsync(CrashOptions options, bool keep)
    {
        Say($"{options.Store}, seed {options.Seed}: {options.Gateways} gateways, {options.Clients} clients; files in {options.Folder}");
        using var run = new CrashRun(options, Say);
        await run.RunAsync();

        Say(string.Create(CultureInfo.InvariantCulture, $"  {run.Keys} keys, {run.Requests} requests, {run.Injected.Values.Sum()} faults in {run.Seconds:F0} s"));
        Say($"  keys at the end: {string.Join(", ", run.Ends.Select(end => $"{end.Value} {end.Key}"))}");
        Say($"  faults: {string.Join(", ", run.Injected.OrderBy(fault => fault.Key).Select(fault => $"{fault.Value} {fault.Key}"))}");

        // A rule that was never put to the test has not been kept, and a fault that never came has not been survived.
        foreach (var kind in FaultInjector.Possible(options.Store).Except(run.Injected.Keys))
        {
            Say($"  {kind} never happened: the storm was too short");
        }

        var broken = run.Verdict.Checks.Where(rule => rule.Value == 0).Select(rule => rule.Key).Concat(run.Verdict.Violations.Select(violation => violation.Rule)).ToHashSet();
        foreach (var (rule, checks) in run.Verdict.Checks)
        {
            Say($"  {(broken.Contains(rule) ? "BROKEN" : "held"),-6}  {(int)rule} {rule}: {checks} checks");
        }

        foreach (var violation in run.Verdict.Violations.OrderBy(violation => violation.At).Take(5))
        {
            Say(string.Create(CultureInfo.InvariantCulture, $"  ! {(int)violation.Rule} {violation.Rule} at {violation.At:F1} s: {violation.What}"));
        }

        Say($"Passed: {run.Verdict.Checks.Count - broken.Count}, Failed: {broken.Count}, Skipped: 0 ({options.Store})");
        if (broken.Count > 0)
        {
            Say($"  the histories of those keys: {Path.Combine(options.Folder.FullName, "violations.txt")}");
            Say($"  again: dotnet run --project tests/Gateway.CrashTest -- --store {options.Store} --seed {options.Seed} --minutes {options.Duration.TotalMinutes.ToString(CultureInfo.InvariantCulture)} --clients {options.Clients} --gateways {options.Gateways}");
        }
        else if (!keep)
        {
            options.Folder.Delete(recursive: true);
        }

        return broken.Count;
    }

    private static void Say(string line) => Console.WriteLine(line);
}
