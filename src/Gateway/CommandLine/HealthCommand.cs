using System.CommandLine;
using Gateway.Management;

namespace Gateway.CommandLine;

/// <summary><c>gateway health</c>: see <see cref="HealthProbe"/>.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        var arguments = new SettingArguments();
        var command = new Command("health", "Asks the gateway that runs with this configuration (Management:Url) whether it is ready.");
        arguments.AddTo(command);
        command.SetAction((parsed, _) => HealthProbe.RunAsync(Program.Builder(arguments.Read(parsed)).Configuration));
        HelpText.Add(command, """
            Examples:
              gateway health
              gateway health --Management:Url http://127.0.0.1:9090

            Exit codes: 0 it is ready; 1 it is not, or does not answer; 2 a wrong command line.
            """);
        return command;
    }
}
