using System.Net.Http.Headers;
using System.Text;
using Gateway.Configuration;
using Gateway.Management;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management;

/// <summary>Who may use the management listener, and from where.</summary>
public sealed class ManagementAccessTests
{
    private const string Key = "s3cret-of-the-house";

    public static TheoryData<string, string> Rights => new()
    {
        { "X-Api-Key", Key },
        { "Authorization", $"Bearer {Key}" },
        { "Authorization", $"bearer {Key}" },
        { "Authorization", $"Basic {Base64($"ann:{Key}")}" },
        { "Authorization", $"basic {Base64($":{Key}")}" },
    };

    public static TheoryData<string, string> Wrongs => new()
    {
        { "X-Api-Key", "x" },
        { "X-Api-Key", Key[..^1] },
        { "X-Api-Key", Key + "x" },
        { "X-Api-Key", Key.ToUpperInvariant() },
        { "X-Api-Key", new string('x', 10_000) },
        { "Authorization", "Bearer" },
        { "Authorization", "Bearer x" },
        { "Authorization", Key },
        { "Authorization", $"Digest {Key}" },
        { "Authorization", $"Basic {Key}" },
        { "Authorization", $"Basic {Base64(Key)}" },
        { "Authorization", $"Basic {Base64($"{Key}:x")}" },
        { "Authorization", $"Basic {Base64($"ann:{Key}x")}" },
        { "Authorization", "Basic %%%" },
    };

    [Fact]
    public async Task With_a_key_every_call_needs_it_but_health()
    {
        await using var gateway = await StartAsync(Key);
        using var client = new Admin(gateway).Client;
        var mapped = gateway.Services.GetRequiredService<ManagementListener>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => (Method: method, Path: Path(endpoint)))).ToList();
        Assert.Contains(("DELETE", "/admin/records/x"), mapped);
        Assert.Contains(("GET", "/metrics"), mapped);
        Assert.Contains(("GET", "/openapi/admin.json"), mapped);
        foreach (var (method, path) in mapped.Append(("GET", "/nothing")).Append(("POST", "/healthy")))
        {
            using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            if (path.StartsWith("/health/", StringComparison.Ordinal))
            {
                Assert.True((int)answer.StatusCode is 200 or 503, path);
                continue;
            }

            await answer.ShouldBeProblemAsync(401, "The management key is missing or wrong");
            Assert.StartsWith("Basic realm=", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains(gateway.Log.Entries, entry => entry.Event == "ManagementRefused");

        static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{id}", "x", StringComparison.Ordinal).Replace("{documentName}", "admin", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_right_key_opens_it_a_wrong_one_does_not_whatever_its_length_and_neither_is_told_to_anybody()
    {
        await using var gateway = await StartAsync(Key);
        using var client = new Admin(gateway).Client;
        foreach (var (header, value) in Rights.Select(row => ((string)row[0], (string)row[1])))
        {
            using var answer = await SendAsync(client, header, value);
            Assert.True((int)answer.StatusCode == 200, value);
        }

        foreach (var (header, value) in Wrongs.Select(row => ((string)row[0], (string)row[1])))
        {
            using var answer = await SendAsync(client, header, value);
            Assert.True((int)answer.StatusCode == 401, value);
            var told = await answer.Content.ReadAsStringAsync() + answer.Headers;
            Assert.DoesNotContain(Key, told, StringComparison.OrdinalIgnoreCase);
        }

        Assert.NotEmpty(gateway.Log.Entries);
        Assert.DoesNotContain(gateway.Log.Entries, entry => entry.Message.Contains(Key, StringComparison.OrdinalIgnoreCase) || entry.Message.Contains(Base64(Key), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_keys_at_once_are_none()
    {
        await using var gateway = await StartAsync("abc");
        using var client = new Admin(gateway).Client;
        var request = new HttpRequestMessage(HttpMethod.Get, "/admin/overview");
        request.Headers.Add("X-Api-Key", ["abc", "abc"]);
        using var answer = await client.SendAsync(request);
        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:9090", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.8.8.8:1", 200)]
    [InlineData("[::1]:9090", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("127.0.0.1.evil.example:9090", 403)]
    [InlineData("10.0.0.5", 403)]
    [InlineData("0.0.0.0:9090", 403)]
    [InlineData("[2001:db8::1]", 403)]
    public async Task Without_a_key_it_answers_to_this_machines_names_only_so_that_no_page_points_its_own_name_here(string host, int status)
    {
        await using var gateway = await StartAsync(null);
        using var client = new Admin(gateway).Client;
        foreach (var path in (string[])["/admin/records", "/console", "/metrics", "/openapi/admin.json"])
        {
            using var answer = await SendAsync(client, "Host", host, path);
            await answer.ShouldBeAsync(status);
        }

        using var health = await SendAsync(client, "Host", host, "/health/live");
        await health.ShouldBeAsync(200);
    }

    [Fact]
    public async Task With_a_key_it_answers_to_any_name()
    {
        await using var gateway = await StartAsync(Key);
        using var client = new Admin(gateway).Client;
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Api-Key", Key);
        using var answer = await SendAsync(client, "Host", "gateway.internal:9090");
        await answer.ShouldBeAsync(200);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "http://localhost:1")]
    public async Task A_change_that_another_sites_page_sends_is_refused_and_nothing_is_changed(string header, string value)
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        stuck.Admin.Client.DefaultRequestHeaders.Add(header, value);

        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        using var deleted = await stuck.Admin.DeleteAsync(record);
        using var form = await stuck.Admin.Client.PostAsync($"/console/records/{record["id"]}/resolve", new FormUrlEncodedContent([new("outcome", "released")]));

        await resolved.ShouldBeProblemAsync(403, "comes from another site");
        await deleted.ShouldBeProblemAsync(403, "comes from another site");
        await form.ShouldBeProblemAsync(403, "comes from another site");
        Assert.Equal("unknown", await stuck.Admin.StateAsync()); // and looking is allowed: a link from a ticket leads here
        Assert.Empty(stuck.Audit());
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", null)]
    public async Task A_change_from_its_own_pages_is_made(string header, string? value)
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        stuck.Admin.Client.DefaultRequestHeaders.Add(header, value ?? stuck.Gateway.Management.GetLeftPart(UriPartial.Authority));
        using var deleted = await stuck.Admin.DeleteAsync(record);
        await deleted.ShouldBeAsync(204);
    }

    [Fact]
    public async Task The_user_of_Basic_authentication_is_the_one_who_makes_a_change()
    {
        await using var stuck = await StuckKey.StartAsync(management: [("ApiKey", "abc")]);
        stuck.Admin.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Base64("bob from ops:abc"));
        var record = await stuck.RecordAsync();
        var call = Admin.Released(record);
        call.Remove("by");
        using var answer = await stuck.Admin.ResolveAsync(record, call);
        await answer.ShouldBeAsync(204);
        Assert.All(stuck.Audit(), line => Assert.Equal("bob from ops", (string?)line["by"]));
        Assert.Equal(2, stuck.Audit().Count);
    }

    [Fact]
    public async Task Where_others_can_reach_it_the_gateway_does_not_start_without_a_key()
    {
        var routes = Routes.File("http://localhost:1/");
        routes["Management"]!["Url"] = "http://0.0.0.0:0";
        var fault = await Assert.ThrowsAsync<ConfigurationFaultException>(() => TestGateway.StartAsync(routes));
        Assert.Contains("Management:ApiKey: is missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_with_another_key_warns_without_telling_it_and_the_old_one_stays()
    {
        await using var gateway = await StartAsync("first-key");
        await File.WriteAllTextAsync(gateway.RoutesPath, RoutesWith("second-key").ToJsonString());
        await Bounded.UntilAsync(
            () => Task.FromResult(gateway.Log.Entries.ToArray()),
            entries => entries.Any(entry => entry.Event == "ConfigurationWarning" && entry.Message.Contains("Management:ApiKey is read at start: another one takes effect at the next one.", StringComparison.Ordinal)));
        Assert.DoesNotContain(gateway.Log.Entries, entry => entry.Message.Contains("first-key", StringComparison.Ordinal) || entry.Message.Contains("second-key", StringComparison.Ordinal));
        using var client = new Admin(gateway).Client;
        using var old = await SendAsync(client, "X-Api-Key", "first-key");
        await old.ShouldBeAsync(200);
        using var other = await SendAsync(client, "X-Api-Key", "second-key");
        await other.ShouldBeAsync(401);
    }

    private static Task<TestGateway> StartAsync(string? key) => TestGateway.StartAsync(RoutesWith(key));

    private static System.Text.Json.Nodes.JsonObject RoutesWith(string? key)
    {
        var routes = Routes.File("http://localhost:1/");
        routes["Management"]!["ApiKey"] = key;
        return routes;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string header, string value, string path = "/admin/overview")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return client.SendAsync(request);
    }
}
