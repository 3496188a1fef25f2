using System.Text.RegularExpressions;
using Gateway.CommandLine;
using Gateway.Tests.Project;
using Gateway.Tests.Support;

namespace Gateway.Tests.CommandLine;

public sealed class GatewayCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData]
    [InlineData("--urls", "http://localhost:1")]
    [InlineData("--Idempotency:Store=Memory")]
    [InlineData("--environment", "check")]
    [InlineData("--routes", "health", "--shutdownTimeoutSeconds", "3")]
    [InlineData("/urls", "http://localhost:1")]
    [InlineData("urls=http://localhost:1")]
    [InlineData("--nobody-knows-this", "schema")]
    public void Arguments_of_ASP_NET_Core_run_the_gateway_whatever_their_values_are(params string[] args) => Assert.Null(GatewayCommand.Find(args));

    [Theory]
    [InlineData("chekc", "'chekc' is no command. Did you mean 'check'? Nothing was started.")]
    [InlineData("helth", "'helth' is no command. Did you mean 'health'? Nothing was started.")]
    [InlineData("start", "'start' is no command. See gateway --help. Nothing was started.")]
    public async Task A_misspelt_command_starts_nothing_and_ends_with_2(string word, string expected)
    {
        var run = await GatewayCommandLine.RunAsync(_folder, word, "--urls", "http://127.0.0.1:0");
        Assert.Equal((2, "", expected), (run.ExitCode, run.Output, run.Error.Trim()));
    }

    [Theory]
    [InlineData("'--routez' is not known here. Did you mean '--routes'?", "check", "--routez", "x.json")]
    [InlineData("'x.json' is not known here.", "routes", "x.json")]
    [InlineData("'--urls' has no value.", "check", "--urls")]
    [InlineData("Unrecognized command or argument '--jsn'", "schema", "--jsn")]
    [InlineData("'--jsn' is not known here. Did you mean '--json'?", "routes", "--jsn")]
    public async Task An_argument_that_a_command_does_not_know_ends_with_2(string expected, params string[] args)
    {
        var run = await GatewayCommandLine.RunAsync(_folder, args);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith(expected, run.Error, StringComparison.Ordinal);
        Assert.EndsWith($"See gateway {args[0]} --help.", run.Error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_command_the_settings_and_the_exit_codes_and_starts_nothing()
    {
        foreach (var args in (string[][])[["--help"], ["-h"], ["--urls", "http://127.0.0.1:0", "--help"]])
        {
            var run = await GatewayCommandLine.RunAsync(_folder, args);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            foreach (var word in (string[])["\n  gateway [command]", "\n  check ", "\n  routes ", "\n  schema ", "\n  health ", "--urls <addresses>", "--routes <file>", "--version", "Exit codes: 0 "])
            {
                Assert.Contains(word, run.Output, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("check", "--routes <file>")]
    [InlineData("routes", "--json")]
    [InlineData("schema", "$schema")]
    [InlineData("health", "--Management:Url")]
    public async Task Each_command_has_a_help_with_examples_and_exit_codes(string command, string word)
    {
        var run = await GatewayCommandLine.RunAsync(_folder, command, "--help");
        Assert.Equal(0, run.ExitCode);
        foreach (var expected in (string[])[$"gateway {command}", word, "Examples:", "Exit codes: 0 "])
        {
            Assert.Contains(expected, run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(new Regex(@"^\d+\.\d+\.\d+"), run.Output);
    }

    [Fact]
    public void Every_command_of_the_README_is_there_and_no_other() => Assert.Equal(
        GatewayCommand.Names.Order(StringComparer.Ordinal),
        Repository.Rows("README.md", "commands").Select(row => row[0].Split(' ')[1]).Order(StringComparer.Ordinal));
}
