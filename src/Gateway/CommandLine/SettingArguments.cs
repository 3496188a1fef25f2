using System.CommandLine;
using System.CommandLine.Parsing;
using Gateway.Idempotency.Policies;

namespace Gateway.CommandLine;

/// <summary>
/// What a verb takes of the gateway's own arguments, so that it sees the configuration that the gateway would run with. Stricter
/// than ASP.NET Core, which passes over what it does not know: a misspelt <c>--routes</c> must not check another file.
/// </summary>
internal sealed class SettingArguments
{
    /// <summary>Those of ASP.NET Core without a section.</summary>
    private static readonly string[] HostSettings = ["urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "shutdownTimeoutSeconds", "allowedHosts"];

    private readonly Option<string?> _routes = new("--routes")
    {
        Description = "The routes file. [default: GATEWAY_ROUTES, else appsettings.routes.json in the working folder]",
        HelpName = "file",
    };

    private readonly Argument<string[]> _settings = new("settings")
    {
        Description = "Settings that the gateway is started with, as in --Idempotency:Store=Redis. The environment counts as it does there.",
        HelpName = "--section:key=value",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public void AddTo(Command command)
    {
        command.Add(_routes);
        command.Add(_settings);
        _settings.Validators.Add(result => Check([.. result.Tokens.Select(token => token.Value)], command, result));
    }

    /// <summary>As the gateway would get them.</summary>
    public string[] Read(ParseResult parsed) =>
        [.. parsed.GetValue(_routes) is { } routes ? (string[])["--routes", routes] : [], .. parsed.GetValue(_settings) ?? []];

    private static void Check(string[] tokens, Command command, SymbolResult result)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            var name = tokens[i].Split('=')[0].TrimStart('-');
            if (!tokens[i].StartsWith("--", StringComparison.Ordinal) || !(name.Contains(':') || HostSettings.Contains(name, StringComparer.OrdinalIgnoreCase)))
            {
                var near = Spelling.Nearest(name, command.Options.Select(option => option.Name.TrimStart('-')).Concat(HostSettings));
                result.AddError($"'{tokens[i]}' is not known here.{(near is null ? "" : $" Did you mean '--{near}'?")}");
                return;
            }

            if (!tokens[i].Contains('=') && ++i == tokens.Length)
            {
                result.AddError($"'{tokens[^1]}' has no value.");
            }
        }
    }
}
