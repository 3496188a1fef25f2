using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.CommandLine;

public sealed class RoutesCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_table_says_for_each_route_and_method_whether_it_is_protected_and_counts()
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "routes", "--routes", WriteRoutes());
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            """
            ROUTE  MATCH                   POLICY            POST         PUT          PATCH        DELETE
            open   /open/{**all}           -                 unprotected  unprotected  unprotected  unprotected
            pay    /{**all} (POST DELETE)  p (key optional)  protected    -            -            unprotected
            2 of 3 routes take such methods: 1 protected, 0 observed, 0 off, 5 unprotected.
            """, run.Output.Trim());
    }

    [Fact]
    public async Task As_JSON_it_is_for_programs()
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "routes", "--json", "--routes", WriteRoutes());
        var root = JsonDocument.Parse(run.Output).RootElement;
        var pay = root.GetProperty("routes").EnumerateArray().Single(route => route.GetProperty("route").GetString() == "pay");
        Assert.Equal(("p", false, "/{**all}"), (pay.GetProperty("policy").GetString(), pay.GetProperty("keyRequired").GetBoolean(), pay.GetProperty("match").GetProperty("path").GetString()));
        Assert.Equal(
            [("POST", "protected"), ("DELETE", "unprotected")],
            pay.GetProperty("methods").EnumerateArray().Select(method => (method.GetProperty("method").GetString(), method.GetProperty("coverage").GetString())));
        Assert.Equal((1, 5), (root.GetProperty("counts").GetProperty("protected").GetInt32(), root.GetProperty("counts").GetProperty("unprotected").GetInt32()));
    }

    [Fact]
    public async Task A_configuration_with_faults_has_no_table()
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "routes", "--routes", GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/", """{ "Lease": "x" }""")));
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("$.Idempotency.Policies.p.Lease", run.Error, StringComparison.Ordinal);
    }

    private string WriteRoutes()
    {
        var file = Routes.File("http://localhost:1/", """{ "Key": { "Required": false } }""", """{ "Match": { "Path": "/{**all}", "Methods": [ "POST", "DELETE" ] } }""");
        file["ReverseProxy"]!["Routes"]!["read"] = JsonNode.Parse("""{ "ClusterId": "legacy", "Match": { "Path": "/read", "Methods": [ "GET" ] } }""");
        return GatewayProcess.WriteRoutes(_folder, file);
    }
}
