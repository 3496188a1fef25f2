using System.CommandLine;
using Gateway.Configuration;

namespace Gateway.CommandLine;

/// <summary><c>gateway schema</c>: the JSON Schema of the routes file, for editors and pipelines.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Prints the JSON Schema of the routes file, by which editors complete and check it.");
        command.SetAction(async (_, _) =>
        {
            await using var output = Console.OpenStandardOutput();
            await RoutesFileSchema.CopyToAsync(output);
            return ExitCode.Success;
        });
        HelpText.Add(command, $$"""
            Examples:
              gateway schema > appsettings.routes.schema.json
              and in the routes file: "$schema": "./appsettings.routes.schema.json"

            {{ExitCode.Help}}
            """);
        return command;
    }
}
