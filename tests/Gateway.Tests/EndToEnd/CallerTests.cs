using System.Net;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Tests.Configuration;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>Who is asked for credentials, by what, and what a reload may do to it.</summary>
public sealed class CallerTests : IDisposable
{
    private readonly TestIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private int _runs;

    public void Dispose()
    {
        _issuer.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_preflight_needs_no_token_and_a_refusal_can_be_read_by_the_page()
    {
        await using var backend = Backend();
        var file = File(backend, route: """{ "CorsPolicy": "shop" }""");
        file["Cors"] = JsonNode.Parse("""{ "Policies": { "shop": { "Origins": [ "https://shop.example" ], "Headers": [ "Authorization" ] } } }""");
        await using var gateway = await TestGateway.StartAsync(file);
        var preflight = new HttpRequestMessage(HttpMethod.Options, "/payments/1/confirm");
        preflight.Headers.Add("Origin", "https://shop.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,idempotency-key");
        using var leave = await gateway.Client.SendAsync(preflight).WithinLimit();
        var call = Requests.Post("k");
        call.Headers.Add("Origin", "https://shop.example");
        using var refusal = await gateway.Client.SendAsync(call).WithinLimit();
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Unauthorized), (leave.StatusCode, refusal.StatusCode));
        Assert.All([leave, refusal], answer => Assert.Equal("https://shop.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_route_without_a_policy_is_passed_by_and_so_are_the_specification_and_the_management()
    {
        var asked = new List<bool>();
        await using var backend = Backend();
        await using var gateway = await TestGateway.StartAsync(File(backend), configure: builder => builder.Services.AddSingleton<IStartupFilter>(new Look(asked)));
        using var open = await gateway.Client.GetAsync(new Uri("/open/x", UriKind.Relative)).WithinLimit();
        using var known = await gateway.PostAsync("k", _issuer.Token());
        using var specification = await gateway.Client.GetAsync(new Uri("/.well-known/idempotency", UriKind.Relative)).WithinLimit();
        using var health = await gateway.Client.GetAsync(new Uri(gateway.Management, "/health/live")).WithinLimit();
        Assert.All([open, known, specification, health], answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal([false, true, false], asked);
    }

    [Fact]
    public async Task Claims_have_to_be_there_all_of_them_and_no_header_stands_in_for_one()
    {
        await using var backend = Backend();
        await using var gateway = await TestGateway.StartAsync(File(backend, """{ "Actor": [ "Claim:tenant", "Claim:sub", "Header:X-User" ] }"""));
        using var acme = await gateway.PostAsync("k", _issuer.Token(claims: ("tenant", "acme")));
        using var globex = await gateway.PostAsync("k", _issuer.Token(claims: ("tenant", "globex")));
        Assert.Equal(("run 1", "run 2"), (await acme.Content.ReadAsStringAsync(), await globex.Content.ReadAsStringAsync()));
        foreach (var token in new[] { _issuer.Token(), _issuer.Token(subject: null, claims: ("tenant", "acme")), _issuer.Token(claims: ("tenant", "")) })
        {
            var request = Requests.Post("k");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            request.Headers.TryAddWithoutValidation("X-User", "alice");
            using var answer = await gateway.Client.SendAsync(request).WithinLimit();
            await answer.ShouldBeAsync(400, "actor-missing");
        }

        Assert.Equal(2, backend.Requests.Count);
    }

    [Fact]
    public async Task A_route_may_take_two_kinds_of_callers_and_who_is_neither_hears_of_both()
    {
        await using var backend = Backend();
        var file = File(backend);
        file["Authentication"]!["Schemes"]!["apps"] = Callers.ApiKeys(("good-key", "alice"));
        file["Authorization"]!["Policies"]!["callers"]!["Schemes"] = new JsonArray("corp", "apps");
        await using var gateway = await TestGateway.StartAsync(file);
        using var token = await gateway.PostAsync("k", _issuer.Token("alice"));
        using var key = await gateway.PostAsync("k", "good-key", "X-Api-Key");
        using var nobody = await gateway.PostAsync("k", null);
        Assert.Equal(("run 1", "run 2"), (await token.Content.ReadAsStringAsync(), await key.Content.ReadAsStringAsync())); // another issuer's alice
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Equal(["Bearer", "ApiKey"], nobody.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
        Assert.Equal(2, backend.Requests.Count);
    }

    [Fact]
    public async Task Several_keys_in_one_file_are_taken_so_that_a_provider_can_change_its_key_and_its_public_key_is_no_shared_secret()
    {
        using var elliptic = new TestIssuer(elliptic: true);
        await using var backend = Backend();
        await using var gateway = await TestGateway.StartAsync(Callers.File(backend.Address, Callers.Jwt(KeyFile(_issuer.PublicKey + "\n" + elliptic.PublicKey), _issuer.Name)));
        using var forged = await gateway.PostAsync("k", _issuer.SignedByThePublicKey());
        using var first = await gateway.PostAsync("k", _issuer.Token());
        using var retry = await gateway.PostAsync("k", elliptic.Token());
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, true), (forged.StatusCode, first.StatusCode, retry.IsReplay()));
    }

    [Theory]
    [InlineData("Anonymous", "is missing, and its policy 'p' tells callers apart by a claim")]
    [InlineData("calers", "names the authorization policy 'calers', which is not there.")]
    [InlineData("later", "leads to the scheme 'new', which was not there when the gateway started.")]
    public async Task A_reload_changes_who_may_call_and_a_faulty_one_does_not(string policy, string problem)
    {
        await using var backend = Backend();
        var file = File(backend);
        await using var gateway = await TestGateway.StartAsync(file);
        using var before = await gateway.PostAsync("k", _issuer.Token());
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        file["Authorization"]!["Policies"]!["callers"]!["Claims"] = JsonNode.Parse("""{ "scope": [ "payments" ] }""");
        await System.IO.File.WriteAllTextAsync(gateway.RoutesPath, file.ToJsonString());
        using var forbidden = await Bounded.UntilAsync(() => gateway.PostAsync("k", _issuer.Token()), answer => answer.StatusCode == HttpStatusCode.Forbidden);

        file["Authentication"]!["Schemes"]!["new"] = Callers.ApiKeys(("k", "c"));
        file["Authorization"]!["Policies"]!["later"] = JsonNode.Parse("""{ "Schemes": [ "new" ] }""");
        file["Authorization"]!["Policies"]!["callers"]!["Claims"] = null;
        file["ReverseProxy"]!["Routes"]!["pay"]!["AuthorizationPolicy"] = policy;
        await System.IO.File.WriteAllTextAsync(gateway.RoutesPath, file.ToJsonString());
        var state = gateway.Services.GetRequiredService<ConfigurationState>();
        var fault = Assert.Single(await Bounded.UntilAsync(() => Task.FromResult(state.Current.Faults), faults => faults.Count > 0));
        Assert.Equal("ReverseProxy:Routes:pay:AuthorizationPolicy", fault.Place);
        Assert.StartsWith(problem, fault.Problem, StringComparison.Ordinal);
        using var still = await gateway.PostAsync("k", _issuer.Token());
        Assert.Equal(HttpStatusCode.Forbidden, still.StatusCode);
    }

    [Fact]
    public async Task A_scheme_that_is_changed_is_told_to_take_effect_at_the_next_start()
    {
        await using var backend = Backend();
        var file = File(backend);
        await using var gateway = await TestGateway.StartAsync(file);
        file["Authentication"]!["Schemes"]!["corp"]!["ValidAudiences"] = new JsonArray("other");
        await System.IO.File.WriteAllTextAsync(gateway.RoutesPath, file.ToJsonString());
        await Bounded.UntilAsync(
            () => Task.FromResult(gateway.Log.Entries.Select(entry => entry.Message.TrimEnd()).FirstOrDefault(message => message.Contains("is read at start", StringComparison.Ordinal))),
            message => message == "Authentication is read at start: another one takes effect at the next one.");
    }

    [Fact]
    public async Task A_token_as_the_actor_where_callers_send_tokens_is_warned_of()
    {
        await using var backend = Backend();
        await using var gateway = await TestGateway.StartAsync(File(backend, """{ "Actor": [ "Header:Authorization" ] }"""));
        Assert.Contains(gateway.Log.Entries, entry => entry.Message.StartsWith("Idempotency:Policies:p:Actor is Header:Authorization where callers send tokens", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n")]
    public async Task A_key_file_without_a_public_key_is_told_by_the_check_as_by_the_start(string text)
    {
        var file = Callers.File("http://localhost:1/", Callers.Jwt(KeyFile(text), "i"));
        var fault = Assert.Single((await Assert.ThrowsAsync<ConfigurationFaultException>(() => TestGateway.StartAsync(file))).Faults);
        var path = Path.Combine(_folder.FullName, "routes.json");
        await System.IO.File.WriteAllTextAsync(path, file.ToJsonString());
        var run = await GatewayCommandLine.RunAsync(_folder, "check", "--routes", path);
        Assert.Equal(("Authentication:Schemes:corp:KeyFile", 1), (fault.Place, run.ExitCode));
        Assert.Contains(fault.Problem, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Type": "Certificate", "AuthorityFile": "a", "ValidAudiences": [ "x" ] }""", "ValidAudiences", "means nothing where Type is Certificate.")]
    [InlineData("""{ "Type": "ApiKey", "Header": "X", "Keys": { "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": "c" }, "CheckRevocation": true }""", "CheckRevocation", "means nothing where Type is ApiKey.")]
    public void A_key_of_another_type_is_a_fault(string scheme, string place, string problem)
    {
        var fault = Assert.Single(Settings.Read($$"""{ "Authentication": { "Schemes": { "a": {{scheme}} } } }""").Faults);
        Assert.Equal(($"Authentication:Schemes:a:{place}", problem), (fault.Place, fault.Problem));
    }

    private RawBackend Backend() => RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref _runs)}"));

    private JsonObject File(RawBackend backend, string policy = """{ "Actor": [ "Claim:sub" ] }""", string route = "{}") =>
        Callers.File(backend.Address, Callers.Jwt(KeyFile(_issuer.PublicKey), _issuer.Name), policy, route);

    private string KeyFile(string text)
    {
        var path = Path.Combine(_folder.FullName, "keys.pem");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Whether the authorization middleware has seen a request (it leaves this mark).</summary>
    private sealed class Look(List<bool> asked) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, on) =>
            {
                await on(context);
                asked.Add(context.Items.ContainsKey("__AuthorizationMiddlewareWithEndpointInvoked"));
            });
            next(app);
        };
    }
}
