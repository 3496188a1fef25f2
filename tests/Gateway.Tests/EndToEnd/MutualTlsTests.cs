using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>Which client certificates get through. Kestrel is told to ask for one by its ordinary settings.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _server = TestAuthority.SelfSigned("CN=localhost");
    private int _runs;

    public void Dispose()
    {
        _server.Dispose();
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_certificate_that_is_renewed_is_the_same_caller_and_one_for_servers_is_none()
    {
        await using var backend = Backend();
        await using var gateway = await TestGateway.StartAsync(File(backend, Scheme(_authority)));
        using var shop = _authority.Issue("CN=shop");
        using var renewed = _authority.Issue("CN=shop");
        using var desk = _authority.Issue("CN=desk");
        using var server = _authority.Issue("CN=shop", isForServers: true);
        Assert.Equal((200, "run 1"), await PostAsync(gateway, shop));
        Assert.Equal((200, "run 1"), await PostAsync(gateway, renewed));
        Assert.Equal((200, "run 2"), await PostAsync(gateway, desk));
        Assert.Equal(403, (await PostAsync(gateway, server)).Status);
    }

    [Fact]
    public async Task Certificates_that_neither_the_machine_nor_a_scheme_trusts_do_not_get_through_the_handshake_to_any_route()
    {
        await using var backend = Backend();
        var file = File(backend, Scheme(_authority));
        file["Idempotency"]!["Policies"]!["p"]!["Actor"] = new JsonArray("Certificate");
        file["ReverseProxy"]!["Routes"]!["pay"]!.AsObject().Remove("AuthorizationPolicy"); // nobody looks at them there
        await using var gateway = await TestGateway.StartAsync(file);
        using var other = new TestAuthority(); // of the same name
        using var stranger = other.Issue("CN=shop");
        using var expired = _authority.Issue("CN=shop", hasExpired: true);
        using var selfSigned = TestAuthority.SelfSigned("CN=shop");
        foreach (var certificate in new[] { stranger, expired, selfSigned })
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(gateway, certificate));
        }

        using var shop = _authority.Issue("CN=shop");
        Assert.Equal((200, "run 1"), await PostAsync(gateway, shop));
    }

    [Fact]
    public async Task What_the_handshake_took_for_one_scheme_does_not_count_for_another()
    {
        using var otherAuthority = new TestAuthority("CN=other authority");
        await using var backend = Backend();
        var file = File(backend, Scheme(_authority));
        file["Authentication"]!["Schemes"]!["others"] = Scheme(otherAuthority);
        await using var gateway = await TestGateway.StartAsync(file);
        using var other = otherAuthority.Issue("CN=shop");
        Assert.Equal(403, (await PostAsync(gateway, other)).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Where_a_key_would_do_as_well_who_has_neither_hears_401()
    {
        await using var backend = Backend();
        var file = File(backend, Scheme(_authority));
        file["Authentication"]!["Schemes"]!["apps"] = Callers.ApiKeys(("good-key", "shop"));
        file["Authorization"]!["Policies"]!["callers"]!["Schemes"] = new JsonArray("apps", "corp");
        await using var gateway = await TestGateway.StartAsync(file);
        Assert.Equal(401, (await PostAsync(gateway, null)).Status);
    }

    private RawBackend Backend() => RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref _runs)}"));

    private JsonObject Scheme(TestAuthority authority)
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.pem");
        System.IO.File.WriteAllText(path, authority.Pem);
        return new JsonObject { ["Type"] = "Certificate", ["AuthorityFile"] = path, ["CheckRevocation"] = false };
    }

    private JsonObject File(RawBackend backend, JsonObject scheme)
    {
        var path = Path.Combine(_folder.FullName, "server.pfx");
        System.IO.File.WriteAllBytes(path, _server.Export(X509ContentType.Pfx));
        var file = Callers.File(backend.Address, scheme);
        file["Kestrel"] = new JsonObject
        {
            ["Endpoints"] = new JsonObject
            {
                ["https"] = new JsonObject { ["Url"] = "https://127.0.0.1:0", ["ClientCertificateMode"] = "AllowCertificate", ["Certificate"] = new JsonObject { ["Path"] = path } },
            },
        };
        return file;
    }

    private async Task<(int Status, string Body)> PostAsync(TestGateway gateway, X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == _server.GetCertHashString();
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!;
        using var client = new HttpClient(handler) { BaseAddress = gateway.Address, DefaultRequestVersion = HttpVersion.Version11 };
        using var answer = await client.PostAsync("k");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
