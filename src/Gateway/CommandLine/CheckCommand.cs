using System.CommandLine;
using Gateway.Idempotency.Policies.Profiles;

namespace Gateway.CommandLine;

/// <summary><c>gateway check</c>: everything that is wrong with a configuration, without starting anything.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var arguments = new SettingArguments();
        var command = new Command("check", "Checks the configuration and tells every fault, each with its place and its cure. Starts nothing, connects to nothing.");
        arguments.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(arguments.Read(parsed)));
        HelpText.Add(command, """
            Examples:
              gateway check
              gateway check --routes /etc/gateway/routes.json --Idempotency:Store=Redis

            Exit codes: 0 no fault; 1 faults; 2 a wrong command line.
            """);
        return command;
    }

    private static async Task<int> RunAsync(string[] args)
    {
        var checkedFile = await CheckedConfiguration.ReadAsync(args);
        if (!checkedFile.IsGood)
        {
            await checkedFile.WriteFaultsAsync(Console.Out);
            return ExitCode.Failure;
        }

        var report = checkedFile.Report!;
        await Console.Out.WriteLineAsync(
            $"{checkedFile.RoutesFile}: no fault. {Count(report.Coverage.RouteCount, "route")}, {report.Coverage.ProtectedRoutes} protected; {Count(report.Clusters, "cluster")}; " +
            $"{(report.Settings.Policies.Count == 1 ? "1 policy" : $"{report.Settings.Policies.Count} policies")}; store {checkedFile.Store}.");
        foreach (var warning in report.Warnings)
        {
            await Console.Out.WriteLineAsync($"Warning: {checkedFile.Place(warning)} {warning.Problem}");
        }

        foreach (var policy in report.Settings.Policies.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal))
        {
            foreach (var difference in ProfileDifferences.Of(policy))
            {
                await Console.Out.WriteLineAsync($"Policy {policy.Name}, profile {policy.Profile}: {difference}.");
            }
        }

        return ExitCode.Success;
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
