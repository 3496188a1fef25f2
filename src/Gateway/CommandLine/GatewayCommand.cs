using System.CommandLine;
using System.CommandLine.Help;
using Gateway.Idempotency.Policies;

namespace Gateway.CommandLine;

/// <summary>
/// The verbs of the program. Without one it is the gateway, and every argument is ASP.NET Core's configuration's: those
/// never come here, as a value among them may be spelt like a verb.
/// </summary>
internal static class GatewayCommand
{
    public static IEnumerable<string> Names => Root().Subcommands.Select(command => command.Name);

    private static readonly string[] HelpSwitches = ["--help", "-h", "-?"];

    /// <returns>The verb to invoke; null: run the gateway.</returns>
    public static Func<Task<int>>? Find(string[] args)
    {
        if (args.Any(HelpSwitches.Contains) && IsSetting(args[0]))
        {
            args = ["--help"]; // of the gateway, wherever it stands: nobody means it as a value
        }

        if (args is [] || (IsSetting(args[0]) && args[0] is not ("--help" or "--version")))
        {
            return null;
        }

        var root = Root();
        return IsSetting(args[0]) || root.Subcommands.Any(command => command.Name == args[0])
            ? () => InvokeAsync(root.Parse(args))
            : () => RefuseAsync(args[0], root.Subcommands.Select(command => command.Name));
    }

    /// <summary>ASP.NET Core takes <c>--key value</c>, <c>/key value</c> and <c>key=value</c>.</summary>
    private static bool IsSetting(string argument) => argument.StartsWith('-') || argument.StartsWith('/') || argument.Contains('=');

    private static Command Root()
    {
        var root = new Command("gateway", "A reverse proxy that makes POST and PATCH safe to retry. Without a command it runs.")
        {
            CheckCommand.Create(),
            RoutesCommand.Create(),
            SchemaCommand.Create(),
            HealthCommand.Create(),
            KeysCommand.Create(),
        };
        var help = new HelpOption { Recursive = true };
        help.Action = new HelpText((HelpAction)help.Action!);
        root.Add(help);
        root.Add(new VersionOption());
        HelpText.Add(root, $"""
            Settings of a gateway that runs (every argument but a command is ASP.NET Core's configuration's):
              --routes <file>                    The routes file. [default: GATEWAY_ROUTES, else appsettings.routes.json in the working folder]
              --urls <addresses>                 Where it listens, with ';' between. [default: http://localhost:5080]
              --shutdownTimeoutSeconds <number>  How long it may finish what is in flight. [default: the longest Deadline and CompletionTimeout]
              --<section>:<key> <value>          Any other setting, over the files and the environment.

            Examples:
              gateway --routes /etc/gateway/routes.json --urls http://0.0.0.0:8080
              gateway --Idempotency:Store=Memory
              gateway check && gateway

            {ExitCode.Help}
            """);
        return root;
    }

    private static async Task<int> InvokeAsync(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0 || parsed.Action is HelpText)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        foreach (var error in parsed.Errors)
        {
            await Console.Error.WriteLineAsync(error.Message);
        }

        await Console.Error.WriteLineAsync($"See gateway {parsed.CommandResult.Command.Name} --help.");
        return ExitCode.Usage;
    }

    private static async Task<int> RefuseAsync(string word, IEnumerable<string> commands)
    {
        await Console.Error.WriteLineAsync(
            $"'{word}' is no command. {(Spelling.Nearest(word, commands) is { } near ? $"Did you mean '{near}'?" : "See gateway --help.")} Nothing was started.");
        return ExitCode.Usage;
    }
}
