using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Tests.Configuration;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Gateway.Tests.EndToEnd;

/// <summary>Callers by token, certificate and key, and what tells them apart.</summary>
public sealed class AuthenticationTests : IAsyncLifetime
{
    private const string Issuer = "https://login.example/";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly RSA _key = RSA.Create(2048);
    private readonly RawBackend _backend;
    private TestGateway? _gateway;
    private int _runs;

    public AuthenticationTests()
    {
        _backend = RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref _runs)}"));
        File.WriteAllText(KeyFile, _key.ExportSubjectPublicKeyInfoPem());
    }

    private string KeyFile => Path.Combine(_folder.FullName, "key.pem");

    private string Jwt => $$""" "corp": { "KeyFile": "{{KeyFile}}", "ValidIssuers": [ "{{Issuer}}" ], "ValidAudiences": [ "payments" ] } """;

    [Fact]
    public async Task A_refreshed_token_is_the_same_caller_and_another_subject_is_another_one()
    {
        await StartAsync(Jwt);
        using var first = await BearerAsync(Token("alice", expires: 60));
        using var refreshed = await BearerAsync(Token("alice", expires: 600));
        using var bob = await BearerAsync(Token("bob"));
        Assert.Equal(["run 1", "run 1", "run 2"], await BodiesAsync(first, refreshed, bob));
        Assert.Equal([false, true, false], ((HttpResponseMessage[])[first, refreshed, bob]).Select(answer => answer.IsReplay()));
        Assert.StartsWith("Bearer ey", _backend.Requests.First().Header("Authorization"), StringComparison.Ordinal); // goes on as it came
    }

    [Fact]
    public async Task The_same_subject_at_two_identity_providers_is_two_callers()
    {
        await StartAsync($$""" "corp": { "KeyFile": "{{KeyFile}}", "ValidIssuers": [ "{{Issuer}}", "https://other.example/" ], "ValidAudiences": [ "payments" ] } """);
        using var one = await BearerAsync(Token("alice"));
        using var other = await BearerAsync(Token("alice", issuer: "https://other.example/"));
        Assert.Equal(["run 1", "run 2"], await BodiesAsync(one, other));
    }

    public static TheoryData<string> BadTokens => ["none", "alg-none", "expired", "audience", "issuer", "signature", "garbage", "no-expiry"];

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task A_token_that_is_not_good_is_401_and_nothing_comes_of_it(string bad)
    {
        await StartAsync(Jwt);
        using var good = await BearerAsync(Token("alice"));
        using var other = RSA.Create(2048);
        var token = bad switch
        {
            "none" => null,
            "alg-none" => $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{Token("alice").Split('.')[1]}.",
            "expired" => Token("alice", expires: -3600),
            "audience" => Token("alice", audience: "other"),
            "issuer" => Token("alice", issuer: "https://evil.example/"),
            "signature" => Token("alice", key: other),
            "no-expiry" => Token("alice", expires: null),
            _ => "garbage",
        };
        using var refused = await BearerAsync(token);
        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.First().Scheme);
        Assert.Single(_backend.Requests);
        using var replay = await BearerAsync(Token("alice")); // the record is as it was
        Assert.True(replay.IsReplay());
    }

    [Fact]
    public async Task Who_lacks_the_claim_that_the_route_asks_for_is_403_and_who_lacks_the_actors_claim_is_actor_missing()
    {
        await StartAsync(Jwt, authorization: """ "payers": { "Schemes": [ "corp" ], "Claims": { "scope": [ "payments" ] } } """);
        using var refused = await BearerAsync(Token("alice", claims: new() { ["scope"] = "read write" }));
        Assert.Equal(403, (int)refused.StatusCode);
        using var nameless = await BearerAsync(Token(null, claims: new() { ["scope"] = "read payments" }));
        await nameless.ShouldBeAsync(400, "actor-missing");
        using var good = await BearerAsync(Token("alice", claims: new() { ["scope"] = "read payments" }));
        Assert.Equal(200, (int)good.StatusCode);
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task The_keys_of_an_authority_are_found_by_its_discovery_document()
    {
        using var provider = WireMockServer.Start();
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(_key.ExportParameters(false)) { KeyId = "k1" });
        provider.Given(Request.Create().WithPath("/.well-known/openid-configuration")).RespondWith(Response.Create().WithBody($$"""{ "issuer": "{{provider.Url}}", "jwks_uri": "{{provider.Url}}/keys" }"""));
        provider.Given(Request.Create().WithPath("/keys")).RespondWith(Response.Create().WithBody($$"""{ "keys": [ { "kty": "RSA", "kid": "k1", "use": "sig", "n": "{{key.N}}", "e": "{{key.E}}" } ] }"""));
        await StartAsync($$""" "corp": { "Authority": "{{provider.Url}}", "RequireHttpsMetadata": false, "ValidAudiences": [ "payments" ] } """);
        using var good = await BearerAsync(Token("alice", issuer: provider.Url!, keyId: "k1"));
        Assert.Equal(200, (int)good.StatusCode);
        using var foreign = await BearerAsync(Token("alice", keyId: "k1"));
        Assert.Equal(401, (int)foreign.StatusCode);
    }

    [Fact]
    public async Task Two_keys_of_one_client_are_one_caller_and_a_key_that_is_nobodys_is_none()
    {
        static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        await StartAsync($$""" "shops": { "Type": "ApiKey", "Keys": { "{{Hash("old")}}": "shop-1", "{{Hash("new")}}": "shop-1", "{{Hash("other")}}": "shop-2" } } """, actor: "Claim:client");
        async Task<HttpResponseMessage> SendAsync(string? key)
        {
            var request = Requests.Post("k");
            request.Headers.TryAddWithoutValidation("X-Api-Key", key ?? "");
            return await _gateway!.Client.SendAsync(request).WithinLimit();
        }

        using var old = await SendAsync("old");
        using var rotated = await SendAsync("new");
        using var other = await SendAsync("other");
        using var wrong = await SendAsync("wrong");
        using var none = await SendAsync(null);
        Assert.Equal((false, true, false), (old.IsReplay(), rotated.IsReplay(), other.IsReplay()));
        Assert.Equal((401, 401, 2), ((int)wrong.StatusCode, (int)none.StatusCode, _runs));
        Assert.Equal("ApiKey", wrong.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task A_certificate_of_the_authority_is_a_caller_also_when_it_is_renewed_and_one_of_another_is_none()
    {
        using var authorityKey = RSA.Create(2048);
        using var authority = Authority("CN=machines", authorityKey);
        using var otherKey = RSA.Create(2048);
        using var other = Authority("CN=evil", otherKey);
        using var server = Authority("CN=localhost", authorityKey);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "ca.pem"), authority.ExportCertificatePem());
        using var first = Issued(authority, "CN=robot-1");
        using var renewed = Issued(authority, "CN=robot-1");
        using var second = Issued(authority, "CN=robot-2");
        using var foreign = Issued(other, "CN=robot-1");
        _gateway = await TestGateway.StartAsync(
            RoutesFile($$""" "corp": { "Type": "Certificate", "AuthorityFile": "{{Path.Combine(_folder.FullName, "ca.pem")}}", "CheckRevocation": false } """, "Claim:subject"),
            HttpProtocols.Http1,
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(https =>
            {
                https.ServerCertificate = server;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            }))));
        async Task<(int, string)> RunAsync(X509Certificate2? certificate)
        {
            using var handler = new SocketsHttpHandler();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == server.GetCertHashString();
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!;
            using var client = new HttpClient(handler) { BaseAddress = new UriBuilder(_gateway.Address) { Scheme = "https" }.Uri };
            using var answer = await client.PostAsync("k");
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal((200, "run 1"), await RunAsync(first));
        Assert.Equal((200, "run 1"), await RunAsync(renewed));
        Assert.Equal((200, "run 2"), await RunAsync(second));
        await Assert.ThrowsAsync<HttpRequestException>(() => RunAsync(foreign)); // the handshake takes what the machine or a scheme trusts
        Assert.Equal(403, (await RunAsync(null)).Item1);
        Assert.Equal(2, _runs);
    }

    [Theory]
    [InlineData("200 OK", 200, true)]
    [InlineData("204 No Content", 200, true)]
    [InlineData("401 Unauthorized", 401, false)]
    [InlineData("403 Forbidden", 403, false)]
    [InlineData("302 Found", 503, false)]
    [InlineData("404 Not Found", 503, false)]
    [InlineData("500 Internal Server Error", 503, false)]
    public async Task A_stored_answer_is_given_to_whom_it_may_be_given_now(string verdict, int status, bool isReplay)
    {
        await using var judge = RawBackend.Start((connection, _) => connection.AnswerAsync(
            verdict.StartsWith("204", StringComparison.Ordinal) ? "" : "revoked", verdict, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\nLocation: /x\r\nX-Internal: 1\r\n"));
        _gateway = await TestGateway.StartAsync(_backend.Address, $$"""{ "Actor": [ "Header:Authorization" ], "ReplayAuthorization": { "Url": "{{judge.Address}}check", "Headers": [ "Authorization" ] } }""");
        using var first = await BearerAsync("t", "/pay?x=1");
        Assert.Empty(judge.Requests); // a first run is the backend's to judge
        using var retry = await BearerAsync("t", "/pay?x=1");

        Assert.Equal((status, isReplay, 1), ((int)retry.StatusCode, retry.IsReplay(), _runs));
        var question = Assert.Single(judge.Requests);
        Assert.Equal(
            ("GET /check HTTP/1.1", "Bearer t", "POST", "/pay?x=1", "http", 0),
            (question.Line, question.Header("Authorization"), question.Header("X-Forwarded-Method"), question.Header("X-Forwarded-Uri"), question.Header("X-Forwarded-Proto"), question.Body.Length));
        Assert.Null(question.Header("Idempotency-Key"));
        if (status is 401 or 403)
        {
            Assert.Equal("revoked", await retry.Content.ReadAsStringAsync());
            Assert.Equal("invalid_token", retry.Headers.WwwAuthenticate.Single().Parameter!.Split('"')[1]);
            Assert.False(retry.Headers.Contains("X-Internal"));
        }
        else if (status == 503)
        {
            await retry.ShouldBeAsync(503, "authorization-unavailable");
        }
    }

    [Fact]
    public async Task A_judge_that_hangs_is_no_word_at_all_and_the_answer_is_there_when_it_speaks_again()
    {
        var hangs = true;
        await using var judge = RawBackend.Start((connection, _) => hangs ? Task.Delay(Timeout.Infinite) : connection.AnswerAsync("yes"));
        _gateway = await TestGateway.StartAsync(_backend.Address, $$"""{ "ReplayAuthorization": { "Url": "{{judge.Address}}", "Timeout": "00:00:00.1" } }""");
        using var first = await _gateway.Client.PostAsync("k");
        using var refused = await _gateway.Client.PostAsync("k");
        await refused.ShouldBeAsync(503, "authorization-unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
        hangs = false;
        using var given = await _gateway.Client.PostAsync("k");
        Assert.Equal("run 1", await given.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("Claim:sub", "{}", "is missing, and its policy 'p' tells callers apart by a claim")]
    [InlineData("Claim:sub", """{ "AuthorizationPolicy": "Anonymous" }""", "is missing, and its policy 'p' tells callers apart by a claim")]
    [InlineData("Shared", """{ "AuthorizationPolicy": "payer" }""", "names the authorization policy 'payer', which is not there. Did you mean 'payers'?")]
    public async Task A_route_that_could_know_nobody_does_not_start(string actor, string route, string problem)
    {
        var routes = RoutesFile(Jwt, actor);
        routes["ReverseProxy"]!["Routes"]!["pay"]!["AuthorizationPolicy"] = JsonNode.Parse(route)!["AuthorizationPolicy"]?.DeepClone();
        var error = await Assert.ThrowsAsync<ConfigurationFaultException>(() => TestGateway.StartAsync(routes));
        Assert.Contains(error.Faults, fault => fault.Place == "ReverseProxy:Routes:pay:AuthorizationPolicy" && fault.ToString().Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "ValidAudiences": [ "x" ] } } } }""", "Authentication:Schemes:a:Authority", "one of the two")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "Authority": "http://x", "ValidAudiences": [ "x" ] } } } }""", "Authentication:Schemes:a:Authority", "is not an https address")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "Authority": "https://x" } } } }""", "Authentication:Schemes:a:ValidAudiences", "is missing")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "KeyFile": "k", "ValidAudiences": [ "x" ] } } } }""", "Authentication:Schemes:a:ValidIssuers", "is missing")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "Type": "Certificate" } } } }""", "Authentication:Schemes:a:AuthorityFile", "is missing")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "Type": "ApiKey" } } } }""", "Authentication:Schemes:a:Keys", "is empty")]
    [InlineData("""{ "Authentication": { "Schemes": { "a": { "Type": "ApiKey", "Keys": { "planted-secret": "shop" } } } } }""", "Authentication:Schemes:a:Keys", "is not a SHA-256")]
    [InlineData("""{ "Authorization": { "Policies": { "p": { } } } }""", "Authorization:Policies:p:Schemes", "is missing")]
    [InlineData("""{ "Authorization": { "Policies": { "p": { "Schemes": [ "a" ] } } } }""", "Authorization:Policies:p:Schemes", "'a' is not there")]
    [InlineData("""{ "Authorization": { "Policies": { "default": { "Schemes": [ "a" ] } } } }""", "Authorization:Policies:default", "is no name for a policy")]
    public void A_fault_says_where_and_repeats_no_secret(string json, string place, string problem)
    {
        var faults = Settings.Read(json).Faults;
        Assert.Contains(faults, fault => fault.Place == place && fault.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.DoesNotContain(faults, fault => fault.ToString().Contains("planted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_file_that_is_none_ends_the_start_with_its_place()
    {
        await File.WriteAllTextAsync(KeyFile, "planted-nonsense");
        var error = await Assert.ThrowsAsync<ConfigurationFaultException>(() => TestGateway.StartAsync(RoutesFile(Jwt)));
        Assert.Equal("Authentication:Schemes:corp:KeyFile", Assert.Single(error.Faults).Place);
        Assert.DoesNotContain("planted", error.Message, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _backend.DisposeAsync();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Task<string[]> BodiesAsync(params HttpResponseMessage[] answers) => Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()));

    private static X509Certificate2 Authority(string name, RSA key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private static X509Certificate2 Issued(X509Certificate2 authority, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false)); // client authentication
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    private JsonObject RoutesFile(string schemes, string actor = "Claim:sub", string? authorization = null)
    {
        var routes = Routes.File(_backend.Address, $$"""{ "Actor": [ "{{actor}}" ] }""", """{ "AuthorizationPolicy": "payers" }""");
        routes["Authentication"] = JsonNode.Parse($$"""{ "Schemes": { {{schemes}} } }""");
        var name = routes["Authentication"]!["Schemes"]!.AsObject().First().Key;
        routes["Authorization"] = JsonNode.Parse($$"""{ "Policies": { {{authorization ?? $$""" "payers": { "Schemes": [ "{{name}}" ] } """}} } }""");
        return routes;
    }

    private async Task StartAsync(string schemes, string actor = "Claim:sub", string? authorization = null) => _gateway = await TestGateway.StartAsync(RoutesFile(schemes, actor, authorization));

    private async Task<HttpResponseMessage> BearerAsync(string? token, string path = "/payments/1/confirm")
    {
        var request = Requests.Post("k", path: path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return await _gateway!.Client.SendAsync(request).WithinLimit();
    }

    private string Token(string? subject, int? expires = 300, string audience = "payments", string issuer = Issuer, RSA? key = null, string? keyId = null, Dictionary<string, object>? claims = null)
    {
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = expires is not null }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Expires = expires is { } seconds ? now.AddSeconds(seconds) : null,
            NotBefore = expires is null ? null : now.AddHours(-2),
            IssuedAt = expires is null ? null : now.AddHours(-2),
            Subject = subject is null ? null : new ClaimsIdentity([new Claim("sub", subject)]),
            Claims = claims,
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(key ?? _key) { KeyId = keyId }, SecurityAlgorithms.RsaSha256),
        });
    }
}
