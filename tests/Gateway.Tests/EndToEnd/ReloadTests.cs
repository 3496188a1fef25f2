using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.EndToEnd;

/// <summary>Changes of the routes file while the gateway runs.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private readonly HttpClient _probe = new();
    private TestGateway _gateway = null!;

    public async Task InitializeAsync() => _gateway = await TestGateway.StartAsync(_backend.Address);

    public async Task DisposeAsync()
    {
        _probe.Dispose();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task A_policy_changes_under_its_routes()
    {
        await WriteAsync(Routes.File(_backend.Address, """{ "Key": { "Header": "X-Key" } }"""));
        await Bounded.UntilAsync(() => CodeOfAsync("X-Key"), code => code == "ran");
        Assert.Equal("key-missing", await CodeOfAsync("Idempotency-Key"));
    }

    [Fact]
    public async Task A_new_route_with_a_new_policy_is_never_met_unprotected()
    {
        var file = Routes.File(_backend.Address);
        file["ReverseProxy"]!["Routes"]!["open"]!["Transforms"] = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = "new" });
        file["Idempotency"]!["Policies"]!["new"] = new JsonObject { ["Actor"] = new JsonArray("Shared") };
        await WriteAsync(file);
        await Bounded.UntilAsync(
            async () =>
            {
                using var answer = await _gateway.Client.PostAsync(null, path: "/open/x");
                Assert.True((int)answer.StatusCode is 200 or 400, $"{answer.StatusCode}");
                return (int)answer.StatusCode;
            },
            status => status == 400);
    }

    [Theory]
    [InlineData("{ broken json", "is not valid JSON")]
    [InlineData("", "is not valid JSON")]
    [InlineData(null, "cannot be read")]
    [InlineData("""{ "ReverseProxy": { "Rutes": { } } }""", "Did you mean 'Routes'?")]
    [InlineData("""{ "ReverseProxi": { "Routes": { } } }""", "Did you mean 'ReverseProxy'?")]
    [InlineData("""{ "ReverseProxy": { "Routes": { "pay": { "Order": "first" } } } }""", "Order: 'first' cannot be read")]
    public async Task A_bad_file_leaves_the_last_good_set_in_force_shows_in_health_and_a_good_one_heals(string? content, string fault)
    {
        if (content is null)
        {
            File.Delete(_gateway.RoutesPath);
        }
        else
        {
            await File.WriteAllTextAsync(_gateway.RoutesPath, content);
        }

        Assert.Contains("\"refused\"", await HealthAsync(health => health.Contains("refused", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(_gateway.Log.Entries, entry => entry.Event == "ConfigurationRefused" && entry.Message.Contains(fault, StringComparison.Ordinal));
        Assert.Equal("key-missing", await CodeOfAsync("X-Key"));
        Assert.Equal("ran", await CodeOfAsync("Idempotency-Key"));

        await WriteAsync(Routes.File(_backend.Address, """{ "Key": { "Header": "X-Key" } }"""));
        await Bounded.UntilAsync(() => CodeOfAsync("X-Key"), code => code == "ran");
        await HealthAsync(health => health.Contains("in force", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "Actor": [] }""", "Actor: is missing")]
    [InlineData("""{ "Mode": "Of" }""", "Mode: 'Of' is unknown")]
    [InlineData("""{ "Leese": "00:00:30" }""", "Did you mean 'Lease'?")]
    public async Task A_faulty_policy_is_refused_whole(string policy, string fault)
    {
        var file = Routes.File("http://localhost:1/", policy); // the routes of the refused set must not come into force either
        await WriteAsync(file);
        await HealthAsync(health => health.Contains("refused", StringComparison.Ordinal));
        Assert.Contains(_gateway.Log.Entries, entry => entry.Event == "ConfigurationRefused" && entry.Message.Contains(fault, StringComparison.Ordinal));
        Assert.Equal("ran", await CodeOfAsync("Idempotency-Key"));

        await WriteAsync(Routes.File(_backend.Address, """{ "Key": { "Header": "X-Key" } }"""));
        await Bounded.UntilAsync(() => CodeOfAsync("X-Key"), code => code == "ran");
    }

    [Fact]
    public async Task A_misspelt_log_level_is_refused_and_does_not_end_the_gateway()
    {
        var file = Routes.File(_backend.Address, """{ "Key": { "Header": "X-Key" } }""");
        file["Logging"] = new JsonObject { ["LogLevel"] = new JsonObject { ["Default"] = "Loud" } };
        await WriteAsync(file);
        await HealthAsync(health => health.Contains("refused", StringComparison.Ordinal));
        Assert.Contains(_gateway.Log.Entries, entry => entry.Event == "ConfigurationRefused" && entry.Message.Contains("Logging:LogLevel:Default: 'Loud' is no level", StringComparison.Ordinal));
        Assert.Equal("ran", await CodeOfAsync("Idempotency-Key"));
    }

    [Fact]
    public async Task Somebody_who_cannot_take_a_reload_does_not_end_the_gateway()
    {
        var configuration = _gateway.Services.GetRequiredService<IConfiguration>();
        using var registration = ChangeToken.OnChange(configuration.GetReloadToken, () => throw new InvalidOperationException("not for me"));
        await WriteAsync(Routes.File(_backend.Address, """{ "Key": { "Header": "X-Key" } }"""));
        await HealthAsync(health => health.Contains("not for me", StringComparison.Ordinal));
        Assert.Equal("ran", await CodeOfAsync("X-Key"));
    }

    [Fact]
    public async Task A_route_that_names_a_policy_that_is_gone_is_refused_and_stays_protected()
    {
        var file = Routes.File(_backend.Address);
        file["Idempotency"]!["Policies"] = new JsonObject();
        await WriteAsync(file);
        await HealthAsync(health => health.Contains("refused", StringComparison.Ordinal));
        Assert.Equal("key-missing", await CodeOfAsync("X-Key"));
    }

    [Fact]
    public async Task Switched_off_a_policy_lets_everything_through_and_switched_on_again_it_replays_what_it_knew()
    {
        Assert.Equal("ran", await CodeOfAsync("Idempotency-Key", "kept"));
        await WriteAsync(Routes.File(_backend.Address, """{ "Mode": "Off" }"""));
        await Bounded.UntilAsync(() => CodeOfAsync("X-None"), code => code == "ran");
        await WriteAsync(Routes.File(_backend.Address));
        await Bounded.UntilAsync(() => CodeOfAsync("X-None"), code => code == "key-missing");
        using var retry = await _gateway.Client.PostAsync("kept");
        Assert.True(retry.IsReplay());
    }

    [Fact]
    public async Task A_setting_that_is_read_at_start_is_a_warning_when_it_changes()
    {
        await WriteAsync(Routes.File(_backend.Address, store: "Sqlite"));
        await Bounded.UntilAsync(() => Task.FromResult(_gateway.Log.Entries.ToArray()), entries => entries.Any(entry => entry.Event == "ConfigurationWarning" && entry.Message.Contains("Idempotency:Store is read at start: Sqlite takes effect at the next one.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_policy_that_no_route_uses_is_a_warning()
    {
        var file = Routes.File(_backend.Address);
        file["Idempotency"]!["Policies"]!["spare"] = new JsonObject { ["Actor"] = new JsonArray("Shared") };
        await WriteAsync(file);
        await Bounded.UntilAsync(() => Task.FromResult(_gateway.Log.Entries.ToArray()), entries => entries.Any(entry => entry.Event == "ConfigurationWarning" && entry.Message.Contains("Idempotency:Policies:spare is used by no route", StringComparison.Ordinal)));
    }

    private Task WriteAsync(JsonObject file) => File.WriteAllTextAsync(_gateway.RoutesPath, file.ToJsonString());

    private async Task<string> CodeOfAsync(string header, string? key = null)
    {
        var request = Requests.Post(null);
        request.Headers.Add(header, key ?? Guid.NewGuid().ToString());
        using var answer = await _gateway.Client.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : await answer.CodeAsync();
    }

    private Task<string> HealthAsync(Func<string, bool> wanted) =>
        Bounded.UntilAsync(() => _probe.GetStringAsync(new Uri(_gateway.Management, "/health/ready")), wanted);
}
