using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Gateway.CommandLine;

/// <summary>The library's help, and behind it what a command has to say beside its options: examples, exit codes.</summary>
internal sealed class HelpText(HelpAction inner) : SynchronousCommandLineAction
{
    private static readonly ConditionalWeakTable<Command, string> Texts = [];

    public override bool ClearsParseErrors => true;

    public static void Add(Command command, string text) => Texts.Add(command, text);

    public override int Invoke(ParseResult parseResult)
    {
        var result = inner.Invoke(parseResult);
        if (Texts.TryGetValue(parseResult.CommandResult.Command, out var text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        }

        return result;
    }
}
