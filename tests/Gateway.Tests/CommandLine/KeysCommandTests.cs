using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.CommandLine;

/// <summary><c>gateway keys</c> against a gateway that runs: the story of a key that is stuck, by the command line alone.</summary>
public sealed partial class KeysCommandTests : IAsyncLifetime
{
    private const string ApiKey = "planted-management-key";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private int _served;
    private RawBackend _backend = null!;
    private GatewayProcess _gateway = null!;

    public async Task InitializeAsync()
    {
        _backend = RawBackend.Start((connection, _) =>
        {
            if (Interlocked.Increment(ref _served) > 1)
            {
                return connection.AnswerAsync($"answer {_served}");
            }

            connection.Reset(); // the first one's outcome nobody knows
            return Task.CompletedTask;
        });
        var routes = Routes.File(_backend.Address, """{ "ShowBody": true }""", store: "Sqlite");
        _gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, routes), new Dictionary<string, string> { ["Management__ApiKey"] = ApiKey });
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_key_is_stuck_is_found_its_reason_seen_and_it_is_released_and_the_retry_runs()
    {
        await StickAsync();
        var (id, version) = await FindAsync();

        var shown = await KeysAsync("show", id);
        Assert.Contains("no whole answer came", shown, StringComparison.Ordinal);
        Assert.Contains($"gateway keys resolve {await WholeIdAsync()} --seen {version}", shown, StringComparison.Ordinal); // ready to be copied

        Assert.Contains("Released", await KeysAsync("resolve", id, "--seen", version, "--released", "--by", "Ann", "--reason", "no charge in the ledger"), StringComparison.Ordinal);

        using var retry = await _gateway.Client.PostAsync("order-1");
        Assert.Equal((200, "answer 2", false), ((int)retry.StatusCode, await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        var audit = await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "data", "audit.jsonl"));
        Assert.Equal(["requested", "done"], audit.Trim().Split('\n').Select(line => (string?)JsonNode.Parse(line)!["result"]));
        Assert.All(audit.Trim().Split('\n'), line => Assert.Contains("\"by\":\"Ann\"", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_took_effect_and_every_retry_gets_the_answer_that_the_operator_gives()
    {
        await StickAsync();
        var (id, version) = await FindAsync();
        var answer = Path.Combine(_folder.FullName, "answer.json");
        await File.WriteAllTextAsync(answer, """{"paid":true}""");

        await KeysAsync("resolve", id, "--seen", version, "--completed", "201", "--body-file", answer, "--header", "Location: /payments/1", "--reason", "charged");

        using var retry = await _gateway.Client.PostAsync("order-1");
        Assert.Equal((201, """{"paid":true}""", true), ((int)retry.StatusCode, await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Equal(("/payments/1", "application/json"), (retry.Headers.Location!.OriginalString, retry.Content.Headers.ContentType!.ToString()));
        var shown = await KeysAsync("show", id, "--body");
        Assert.Contains("""{"paid":true}""", shown, StringComparison.Ordinal);
        Assert.Contains($"{Environment.UserName} asked to complete it (done): charged", shown, StringComparison.Ordinal);
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task A_record_that_has_changed_since_it_was_seen_is_left_alone()
    {
        await StickAsync();
        var (id, version) = await FindAsync();
        await KeysAsync("resolve", id, "--seen", version, "--completed", "200", "--reason", "first");

        var second = await RunAsync("resolve", id, "--seen", version, "--released", "--reason", "second");

        Assert.Equal((1, ""), (second.ExitCode, second.Output));
        Assert.Contains("The record has changed", second.Error, StringComparison.Ordinal);
        using var retry = await _gateway.Client.PostAsync("order-1");
        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task A_deleted_record_runs_again()
    {
        await StickAsync();
        var (id, version) = await FindAsync();
        await KeysAsync("delete", id, "--seen", version, "--reason", "test data");
        using var retry = await _gateway.Client.PostAsync("order-1");
        Assert.Equal("answer 2", await retry.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Finding_takes_state_operation_key_age_and_a_limit()
    {
        await StickAsync();
        using var other = await _gateway.Client.PostAsync("order-2");
        Assert.EndsWith("2 records.\n", await KeysAsync("find"), StringComparison.Ordinal);
        Assert.Contains("order-2", await KeysAsync("find", "--state", "completed"), StringComparison.Ordinal);
        Assert.EndsWith("0 records.\n", await KeysAsync("find", "--operation", "other"), StringComparison.Ordinal);
        Assert.EndsWith("0 records.\n", await KeysAsync("find", "--older-than", "1h"), StringComparison.Ordinal);
        Assert.EndsWith("2 records.\n", await KeysAsync("find", "--newer-than", "1h", "--operation", "pay"), StringComparison.Ordinal);
        Assert.EndsWith("1 records, and there are more (--limit).\n", await KeysAsync("find", "--limit", "1"), StringComparison.Ordinal);
        Assert.Equal("order-1", (string?)Assert.Single(JsonNode.Parse(await KeysAsync("find", "--key", "order-1", "--json"))!.AsArray())!["key"]);
    }

    [Fact]
    public async Task The_routes_of_a_gateway_that_runs_are_told_with_their_traffic()
    {
        using var first = await _gateway.Client.PostAsync("order-1");
        using var open = await _gateway.Client.PostAsync("order-2", path: "/open/x");

        var routes = await GatewayCommandLine.RunAsync(_folder, "routes", "--live", $"--Management:Url={_gateway.Management}", $"--Management:ApiKey={ApiKey}");
        Assert.Equal((0, ""), (routes.ExitCode, routes.Error));
        Assert.Matches(@"\npay +/\{\*\*all\} +p +protected +unprotected +protected +unprotected +1 +0 +0 +0\n", routes.Output);
        Assert.Matches(@"\nopen +/open/\{\*\*all\} +- +unprotected +unprotected +unprotected +unprotected +0 +0 +1 +1\n", routes.Output);
        var json = await GatewayCommandLine.RunAsync(_folder, "routes", "--live", "--json", $"--Management:Url={_gateway.Management}", $"--Management:ApiKey={ApiKey}");
        Assert.Equal(2, JsonNode.Parse(json.Output)!["routes"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(2, "no age", "find", "--older-than", "soon")]
    [InlineData(2, "from 1 to 500", "find", "--limit", "0")]
    [InlineData(2, "Say either --completed <status> or --released.", "resolve", "x", "--seen", "y", "--reason", "z")]
    [InlineData(2, "Say either --completed <status> or --released.", "resolve", "x", "--seen", "y", "--reason", "z", "--released", "--completed", "200")]
    [InlineData(2, "A record that is released has no answer.", "resolve", "x", "--seen", "y", "--reason", "z", "--released", "--header", "A: b")]
    [InlineData(2, "is not there", "resolve", "x", "--seen", "y", "--reason", "z", "--completed", "200", "--body-file", "/nowhere.json")]
    [InlineData(2, "--seen", "resolve", "x", "--reason", "z", "--released")]
    [InlineData(2, "--reason", "delete", "x", "--seen", "y")]
    [InlineData(1, "There is no such record", "show", "0123456789abcdef")]
    public async Task What_cannot_be_done_is_told(int exitCode, string error, params string[] args)
    {
        var run = await RunAsync(args);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_key_or_a_gateway_it_says_so()
    {
        var refused = await GatewayCommandLine.RunAsync(_folder, "keys", "find", $"--Management:Url={_gateway.Management}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("The management key is missing or wrong", refused.Error, StringComparison.Ordinal);
        Assert.Contains("No gateway answers", (await GatewayCommandLine.RunAsync(_folder, "keys", "find", "--Management:Url=http://127.0.0.1:1")).Error, StringComparison.Ordinal);
        var wrong = await GatewayCommandLine.RunAsync(_folder, "keys", "find", $"--Management:Url={_backend.Address}");
        Assert.Equal(1, wrong.ExitCode);
    }

    private async Task StickAsync()
    {
        using var lost = await _gateway.Client.PostAsync("order-1");
        await lost.ShouldBeAsync(502, "outcome-unknown");
    }

    private async Task<(string Id, string Version)> FindAsync()
    {
        var found = await KeysAsync("find", "--state", "unknown");
        var id = Row().Match(found).Groups[1].Value;
        return (id, Version().Match(await KeysAsync("show", id)).Groups[1].Value);
    }

    private async Task<string> WholeIdAsync() => (string)JsonNode.Parse(await KeysAsync("find", "--json"))![0]!["id"]!;

    private async Task<string> KeysAsync(params string[] args)
    {
        var run = await RunAsync(args);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.DoesNotContain(ApiKey, run.Output, StringComparison.Ordinal);
        return run.Output;
    }

    private Task<GatewayCommandLine> RunAsync(params string[] args) =>
        GatewayCommandLine.RunAsync(_folder, ["keys", .. args, $"--Management:Url={_gateway.Management}", $"--Management:ApiKey={ApiKey}"]);

    [GeneratedRegex(@"^([0-9a-f]{16})  unknown  pay  +order-1", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^Version +([0-9a-f]{16})$", RegexOptions.Multiline)]
    private static partial Regex Version();
}
