using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Idempotency.Response;
using Gateway.Management.Specification;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Management.Specification;

/// <summary>What clients can read of how this server treats their keys.</summary>
public sealed class SpecificationTests : IAsyncLifetime
{
    private const string Path = "/.well-known/idempotency";

    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private TestGateway _gateway = null!;

    public async Task InitializeAsync() => _gateway = await TestGateway.StartAsync(
        _backend.Address,
        """
        {
          "Actor": [ "Header:X-Tenant", "Certificate" ], "Key": { "Header": "X-Key", "Format": "Uuid", "MaxLength": 40, "Required": false }, "Retention": "2.12:00:00",
          "Fingerprint": { "Exclude": [ "/sent~1at" ], "Headers": [ "X-Version" ] }, "OutcomeUnknown": "Retry", "ReleaseStatusCodes": [ 429 ], "MaxRequestBodySize": 1000
        }
        """,
        """{ "Order": -1000 }"""); // a catch-all before everything

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Programs_get_what_the_configuration_in_force_says()
    {
        using var answer = await GetAsync("application/json");
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var document = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

        var operation = Assert.Single(document["operations"]!.AsArray())!;
        Assert.Equal("pay", (string?)operation["operation"]);
        Assert.True((bool)operation["enforced"]!);
        Assert.Equal("""[{"path":"/{**all}","methods":["PATCH","POST"]}]""", operation["paths"]!.ToJsonString());
        Assert.Equal(("X-Key", false, 1, 40), ((string?)operation["key"]!["header"], (bool)operation["key"]!["required"]!, (int)operation["key"]!["minLength"]!, (int)operation["key"]!["maxLength"]!));
        Assert.Contains("UUID", (string?)operation["key"]!["format"], StringComparison.Ordinal);
        Assert.Equal(("P2DT12H", 216_000L, 1000, "retry"), ((string?)operation["retention"], (long)operation["retentionSeconds"]!, (int)operation["maxRequestBodySize"]!, (string?)operation["outcomeUnknown"]));
        Assert.Equal("[429]", operation["retriesRunAfterStatus"]!.ToJsonString());
        var covers = operation["fingerprint"]!["covers"]!.AsArray().Select(part => (string?)part).ToList();
        Assert.Contains("method, path and query", covers);
        Assert.Contains(covers, part => part!.Contains("X-Version", StringComparison.Ordinal));
        Assert.Contains(covers, part => part!.Contains("without /sent~1at", StringComparison.Ordinal));
        Assert.Equal(ProblemCatalog.All.Select(problem => $"{Path}#{problem.Code}"), document["answers"]!.AsArray().Select(problem => (string?)problem!["type"]));
    }

    [Fact]
    public async Task The_page_says_the_same_and_has_an_anchor_for_every_problem()
    {
        using var answer = await GetAsync("text/html,application/xhtml+xml,*/*;q=0.8");
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.All(ProblemCatalog.All, problem => Assert.Contains($"id=\"{problem.Code}\"", page, StringComparison.Ordinal));
        Assert.All(["X-Key", "X-Tenant", "2 d 12 h", "/sent~1at"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_problem_leads_there_is_its_anchor()
    {
        await using var gateway = await TestGateway.StartAsync(_backend.Address, idempotency: """{ "SpecificationPath": "/about/keys" }""");
        using var problem = await gateway.Client.PostAsync(null);
        var type = JsonNode.Parse(await problem.Content.ReadAsStringAsync())!["type"]!.GetValue<string>();
        Assert.Equal("</about/keys>; rel=\"describedby\"", problem.Headers.GetValues("Link").Single());
        using var request = new HttpRequestMessage(HttpMethod.Get, type);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var page = await gateway.Client.SendAsync(request);
        Assert.Contains($"id=\"{type.Split('#')[1]}\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_internal_is_in_it()
    {
        using var json = await GetAsync("application/json");
        using var html = await GetAsync("text/html");
        foreach (var text in new[] { await json.Content.ReadAsStringAsync(), await html.Content.ReadAsStringAsync() })
        {
            Assert.All(
                [new Uri(_backend.Address).Authority, "127.0.0.1", "legacy", "Memory", "Sqlite", "Redis", "SqlServer", "routes.json", _gateway.Management.Authority],
                secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }

        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task It_is_made_anew_when_the_configuration_changes_and_not_sent_again_while_it_has_not()
    {
        using var first = await GetAsync("application/json");
        var tag = first.Headers.ETag!;
        using var again = new HttpRequestMessage(HttpMethod.Get, Path);
        again.Headers.IfNoneMatch.Add(tag);
        using var unchanged = await _gateway.Client.SendAsync(again);
        Assert.Equal(304, (int)unchanged.StatusCode);

        await File.WriteAllTextAsync(_gateway.RoutesPath, Routes.File(_backend.Address, """{ "Mode": "Observe", "Operation": "<b>pay</b>" }""").ToJsonString());
        var page = await Bounded.UntilAsync(
            async () =>
            {
                using var answer = await GetAsync("text/html");
                return await answer.Content.ReadAsStringAsync();
            },
            text => text.Contains("Observed", StringComparison.Ordinal));
        Assert.Contains("&lt;b&gt;pay&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>pay</b>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_that_is_off_is_not_in_it_and_routes_of_one_operation_stand_together()
    {
        var file = Routes.File(_backend.Address, """{ "Operation": "charge" }""");
        file["ReverseProxy"]!["Routes"]!["open"]!["Transforms"] = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = "p" });
        file["ReverseProxy"]!["Routes"]!["idle"] = JsonNode.Parse("""{ "ClusterId": "legacy", "Match": { "Path": "/idle" }, "Transforms": [ { "IdempotencyPolicy": "idle" } ] }""");
        file["ReverseProxy"]!["Routes"]!["reads"] = JsonNode.Parse("""{ "ClusterId": "legacy", "Match": { "Path": "/reads", "Methods": [ "GET" ] }, "Transforms": [ { "IdempotencyPolicy": "p" } ] }""");
        file["Idempotency"]!["Policies"]!["idle"] = JsonNode.Parse("""{ "Mode": "Off", "Actor": [ "Shared" ] }""");
        await using var gateway = await TestGateway.StartAsync(file);

        var document = JsonNode.Parse(await gateway.Client.GetStringAsync(Path))!;

        var operation = Assert.Single(document["operations"]!.AsArray())!;
        Assert.Equal("charge", (string?)operation["operation"]);
        Assert.Equal(["/{**all}", "/open/{**all}"], operation["paths"]!.AsArray().Select(path => (string?)path!["path"]).Order());
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("*/*", false)]
    [InlineData("application/json", false)]
    [InlineData("text/html", true)]
    [InlineData("TEXT/HTML", true)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true)]
    [InlineData("application/json, text/html", true)]
    [InlineData("application/json, text/html;q=0.9", false)]
    [InlineData("text/html;q=0", false)]
    [InlineData("nonsense;;;", false)]
    public void HTML_is_for_who_asks_for_it_by_name(string? accept, bool html)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Accept = accept;
        Assert.Equal(html, SpecificationEndpoint.WantsHtml(context.Request));
    }

    [Fact]
    public async Task HEAD_has_the_head_alone_and_other_methods_are_the_backends()
    {
        using var head = await _gateway.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, Path));
        Assert.True(head.Content.Headers.ContentLength > 0);
        Assert.Equal("Accept", head.Headers.Vary.Single());
        Assert.Equal("*", head.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var post = await _gateway.Client.SendAsync(new HttpRequestMessage(HttpMethod.Put, Path) { Content = new ByteArrayContent([]) });
        Assert.Equal("ran", await post.Content.ReadAsStringAsync());
    }

    [Fact]
    public void Every_problem_that_the_catalog_tells_of_has_the_title_that_the_gateway_gives()
    {
        var titles = JsonSerializer.SerializeToNode(ProblemCatalog.All.ToDictionary(problem => problem.Code, problem => problem.Title))!;
        foreach (var problem in (Problem[])
            [
                Problems.KeyMissing(new()), Problems.KeyInvalid(new(), "x"), Problems.ActorMissing(Gateway.Idempotency.Policies.ActorRules.Shared), Problems.BodyTooLarge(1), Problems.StoreUnavailable(),
                Problems.KeyReused(new(1, 2, 3), default), Problems.InProgress(TimeSpan.FromSeconds(1)), Problems.OutcomeUnknown(default), Problems.UpstreamUnreachable(502),
            ])
        {
            var entry = ProblemCatalog.All.Single(one => one.Code == problem.Code);
            Assert.Equal((problem.Title, problem.Retryable), ((string?)titles[problem.Code], entry.Retryable));
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        var answer = await _gateway.Client.SendAsync(request).WithinLimit();
        Assert.Equal(200, (int)answer.StatusCode);
        return answer;
    }
}
