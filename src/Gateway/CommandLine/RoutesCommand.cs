using System.CommandLine;
using System.Text.Json;
using Gateway.Proxy;

namespace Gateway.CommandLine;

/// <summary><c>gateway routes</c>: which mutating requests are protected, as the configuration says.</summary>
internal static class RoutesCommand
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var arguments = new SettingArguments();
        var json = new Option<bool>("--json") { Description = "As JSON, for other programs." };
        var live = new Option<bool>("--live") { Description = "Asks the gateway that runs with this configuration (Management:Url, Management:ApiKey) for its routes, with the traffic that each had since its start." };
        var command = new Command("routes", "Lists the routes that take POST, PUT, PATCH or DELETE, and for each method whether it is protected. Needs no running gateway, but for --live.") { json, live };
        arguments.AddTo(command);
        command.SetAction((parsed, _) => parsed.GetValue(live) ? AskAsync(arguments.Read(parsed), parsed.GetValue(json)) : RunAsync(arguments.Read(parsed), parsed.GetValue(json)));
        HelpText.Add(command, """
            protected    by the route's policy
            observed     the policy looks on and changes nothing (Mode Observe)
            off          the policy is switched off (Mode Off)
            unprotected  the route has no policy, or its policy does not cover the method
            -            the route does not take the method

            Examples:
              gateway routes
              gateway routes --live
              gateway routes --json | jq -r '.routes[] | select(.methods[] | .coverage == "unprotected") | .route'

            Exit codes: 0 success; 1 faults in the configuration, which are told, or no gateway answers; 2 a wrong command line.
            """);
        return command;
    }

    private static async Task<int> AskAsync(string[] args, bool asJson)
    {
        try
        {
            using var client = new AdminClient(Program.Builder(args).Configuration);
            var coverage = (await client.CallAsync(HttpMethod.Get, "/admin/coverage"))!;
            await (asJson ? Console.Out.WriteLineAsync(coverage.ToJsonString(Indented)) : RoutesTable.WriteLiveAsync(Console.Out, coverage));
            return ExitCode.Success;
        }
        catch (AdminException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failure;
        }
    }

    private static async Task<int> RunAsync(string[] args, bool asJson)
    {
        var configuration = await CheckedConfiguration.ReadAsync(args);
        if (!configuration.IsGood)
        {
            await configuration.WriteFaultsAsync(Console.Error);
            return ExitCode.Failure;
        }

        var coverage = configuration.Report!.Coverage;
        await (asJson ? Console.Out.WriteLineAsync(JsonSerializer.Serialize(coverage, Indented)) : RoutesTable.WriteAsync(Console.Out, coverage));
        return ExitCode.Success;
    }
}
