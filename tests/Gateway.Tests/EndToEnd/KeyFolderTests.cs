using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Real gateways, and the folder that their keys lie in.</summary>
public sealed class KeyFolderTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));

    private string Keys => Path.Combine(_folder.FullName, "data", "keys");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_gateway_reads_what_another_one_has_encrypted_with_a_key_that_it_made_since()
    {
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, """{ "EncryptAnswers": true }""", store: "Sqlite"));
        await using var old = await GatewayProcess.StartAsync(routes);
        using var first = await old.Client.PostAsync("before");
        Assert.Equal(200, (int)first.StatusCode);
        var key = Assert.Single(Directory.GetFiles(Keys));
        var text = XDocument.Load(key);
        text.Root!.Element("expirationDate")!.Value = "2026-01-02T00:00:00Z";
        text.Root.Element("activationDate")!.Value = text.Root.Element("creationDate")!.Value = "2026-01-01T00:00:00Z";
        text.Save(key);

        await using var young = await GatewayProcess.StartAsync(routes);
        using var second = await young.Client.PostAsync("after");
        Assert.Equal(200, (int)second.StatusCode);
        Assert.Equal(2, Directory.GetFiles(Keys).Length);

        // Refused, and not run, while it opened its ring a moment ago.
        using var there = await Bounded.UntilAsync(() => old.Client.PostAsync("after"), answer => (int)answer.StatusCode != 503);
        using var back = await young.Client.PostAsync("before");
        Assert.True(there.IsReplay() && back.IsReplay());
        Assert.Equal(2, _backend.Requests.Count);
    }

    [Fact]
    public async Task Session_affinity_keeps_its_keys_there_and_nothing_lies_in_the_home_folder()
    {
        var home = _folder.CreateSubdirectory("home");
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, cluster: """{ "SessionAffinity": { "Enabled": true, "Policy": "Cookie", "AffinityKeyName": ".aff" } }"""));
        await using var gateway = await GatewayProcess.StartAsync(routes, new Dictionary<string, string> { ["HOME"] = home.FullName });
        using var answer = await gateway.Client.PostAsync("k");

        Assert.Contains(".aff=", answer.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Keys));
        Assert.Empty(home.GetFileSystemInfos());
    }

    [Fact]
    public async Task Where_nothing_is_encrypted_no_key_is_made()
    {
        await using var gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address)));
        using var answer = await gateway.Client.PostAsync("k");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.False(Directory.Exists(Keys));
    }

    [Fact]
    public async Task A_folder_that_is_open_to_others_is_told_and_so_is_a_ring_without_a_certificate()
    {
        Directory.CreateDirectory(Keys);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Keys, (UnixFileMode)0b111_101_101);
        }

        await using var gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, """{ "EncryptAnswers": true }""")));
        Assert.Contains($"Others than its owner have rights on {Keys}", gateway.Output, StringComparison.Ordinal);
        Assert.Contains("Idempotency:DataProtection:Certificate is missing", gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_operator_enters_as_the_answer_is_encrypted_too()
    {
        await using var stuck = await StuckKey.StartAsync("""{ "EncryptAnswers": true }""", store: "Sqlite");
        var record = await stuck.RecordAsync();
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 200, ["body"] = "entered-by-hand" }));
        await resolved.ShouldBeAsync(200);
        using var retry = await stuck.Gateway.Client.PostAsync("k");

        Assert.Equal(("entered-by-hand", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        foreach (var file in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(stuck.Gateway.RoutesPath)!, "data")))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            Assert.DoesNotContain("entered-by-hand", Encoding.Latin1.GetString(bytes.ToArray()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_record_without_its_clients_key_is_found_by_it()
    {
        await using var stuck = await StuckKey.StartAsync("""{ "RetainKey": false }""", store: "Sqlite");
        var record = await stuck.Admin.RecordAsync("k");
        Assert.Equal("unknown", (string?)record["state"]);
        Assert.DoesNotContain("\"k\"", record.ToJsonString(), StringComparison.Ordinal);
    }
}
