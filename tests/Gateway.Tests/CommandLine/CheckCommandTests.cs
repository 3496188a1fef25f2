using Gateway.Tests.Support;

namespace Gateway.Tests.CommandLine;

/// <summary><c>gateway check</c> as people and pipelines run it.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_configuration_without_a_fault_is_told_in_one_line_and_nothing_is_made()
    {
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/", store: "Sqlite"));
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", routes);
        Assert.Equal(
            (0, $"{routes}: no fault. 2 routes, 1 protected; 1 cluster; 1 policy; store Sqlite, {Path.Combine(_folder.FullName, "data/idempotency.db")}.", ""),
            (run.ExitCode, run.Output.Trim(), run.Error));
        Assert.Equal([routes], Directory.GetFileSystemEntries(_folder.FullName));
    }

    [Fact]
    public async Task A_store_elsewhere_is_not_connected_to()
    {
        await using var redis = RawBackend.StartRaw((_, _) => Task.CompletedTask);
        var end = new Uri(redis.Address).Authority;
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/", store: "Redis"));
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", routes, $"--Idempotency:Stores:Redis:Configuration={end},password=hush");
        Assert.Equal((0, 0), (run.ExitCode, redis.Connections));
        Assert.Contains($"store Redis, {end}.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_probably_not_meant_is_a_warning()
    {
        var file = Routes.File("http://localhost:1/", """{ "Lease": "00:00:02" }""");
        file["Idempotency"]!["Policies"]!["spare"] = new System.Text.Json.Nodes.JsonObject { ["Actor"] = new System.Text.Json.Nodes.JsonArray("Shared") };
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", GatewayProcess.WriteRoutes(_folder, file));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Warning: $.Idempotency.Policies.spare is used by no route.", run.Output, StringComparison.Ordinal);
        Assert.Contains("Warning: $.Idempotency.Policies.p.Lease is not longer than", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_the_shape_of_ours_of_YARPs_and_of_the_store_is_told_with_its_place_and_cure()
    {
        var file = Routes.File(
            "http://localhost:1/",
            """{ "Actor": [ "Foo" ], "Lease": "30", "Retenshun": "1.00:00:00" }""",
            """{ "ClusterId": "legasy", "Order": "first", "Match": { "Paths": "/x" } }""",
            idempotency: """{ "Stores": { "SqlServer": { "ConnectionString": "Pasword=hush" } } }""",
            store: "SqlServer");
        file["ReverseProxy"]!["Routes"]!["a b"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "ClusterId": "legacy", "Match": { "Path": "/x{" }, "Transforms": [ { "Bogus": "x" }, { "IdempotencyPolicy": "q" } ] }""");
        file["Logging"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "LogLevel": { "Default": "Loud" } }""");
        var routes = GatewayProcess.WriteRoutes(_folder, file);
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", routes);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"{routes}: 11 faults.", run.Output, StringComparison.Ordinal);
        foreach (var (place, problem, cure) in new[]
        {
            ("$.ReverseProxy.Routes.pay.Order", "'first' cannot be read.", "Write a whole number."),
            ("$.ReverseProxy.Routes.pay.Match.Paths", "is not a known key.", "Did you mean 'Path'?"),
            ("$.ReverseProxy.Routes.pay.ClusterId", "names the cluster 'legasy', which is not there.", "Did you mean 'legacy'?"),
            ("$.ReverseProxy.Routes['a b']", "Invalid path '/x{' for route 'a b'.", "See the documentation of YARP's configuration."),
            ("$.ReverseProxy.Routes['a b']", "Unknown transform: Bogus", "See the documentation of YARP's configuration."),
            ("$.ReverseProxy.Routes['a b'].Transforms", "IdempotencyPolicy names the policy 'q', which is not there.", "Did you mean 'p'?"),
            ("$.Logging.LogLevel.Default", "'Loud' is no level.", "Write one of: Trace, "),
            ("$.Idempotency.Policies.p.Actor[0]", "'Foo' names no actor.", "Write [ \"Header:Authorization\" ]"),
            ("$.Idempotency.Policies.p.Lease", "'30' is not a duration from 00:00:01 to 01:00:00.", "Write [d.]hh:mm:ss (default: 00:00:30)."),
            ("$.Idempotency.Policies.p.Retenshun", "is not a known key.", "Did you mean 'Retention'?"),
            ("$.Idempotency.Stores.SqlServer.ConnectionString", "is not a Microsoft.Data.SqlClient connection string.", "Write it as in Server=sql1;"),
        })
        {
            Assert.Contains($"\n\n{place}\n  {problem}\n  {cure}", run.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hush", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n  \"a\": ,\n}", "is not valid JSON: line 2, byte 8: ")]
    [InlineData(null, "cannot be read: ")]
    public async Task A_file_that_is_broken_or_missing_is_a_fault_with_the_position(string? content, string expected)
    {
        var path = Path.Combine(_folder.FullName, "appsettings.routes.json"); // the default name, in the working folder
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content);
        }

        var run = await GatewayCommandLine.RunAsync(_folder, "check");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"{path}: 1 fault.\n\n{path}\n  {expected}", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Stores": { "Redis": "a:6379,password=hush" } }""", "Redis")]
    [InlineData("""{ "Stores": { "SqlServer": "Server=a;Password=hush" } }""", "SqlServer")]
    [InlineData("""{ "Stores": { "SqlServer": { "ConnectionString": [ "Server=a;Password=hush" ] } } }""", "SqlServer")]
    [InlineData("""{ "Stores": { "SqlServer": { "ConnectionString": "Server=a;Password=hush;Nonsense=1" } } }""", "SqlServer")]
    [InlineData("""{ "Stores": { "Redis": { "Configuration": "a:6379,nonsense=1,password=hush" } } }""", "Redis")]
    public async Task A_secret_in_the_wrong_place_is_not_repeated(string idempotency, string store)
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/", idempotency: idempotency, store: store)));
        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain("hush", run.Output + run.Error, StringComparison.Ordinal);
    }
}
