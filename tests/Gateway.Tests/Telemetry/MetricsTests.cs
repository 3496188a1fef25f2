using System.Text.RegularExpressions;
using Gateway.Tests.Project;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry;

/// <summary>What Prometheus scrapes from the real program, and what is built on it under <c>deploy/</c>.</summary>
public sealed partial class MetricsTests : IAsyncLifetime
{
    private const string Alerts = "deploy/prometheus/alerts.yml";
    private const string AlertTests = "deploy/prometheus/alerts.test.yml";
    private const string Dashboard = "deploy/grafana/idempotency-gateway.json";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly RawBackend _backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
    private GatewayProcess _gateway = null!;

    public async Task InitializeAsync() => _gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address)));

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_scrape_has_the_outcomes_and_every_name_of_it_is_in_the_README()
    {
        using var first = await _gateway.Client.PostAsync("a");
        using var retry = await _gateway.Client.PostAsync("a");
        using var suspected = await _gateway.Client.PostAsync("b");
        using var client = new HttpClient();
        var scrape = await Bounded.UntilAsync(() => client.GetStringAsync(new Uri(_gateway.Management, "/metrics")), text => text.Contains("records_live", StringComparison.Ordinal));

        Assert.Matches(Sample("gateway_idempotency_requests_total", "mode=\"enforce\",operation=\"pay\",outcome=\"executed\"", "2"), scrape);
        Assert.Matches(Sample("gateway_idempotency_requests_total", "mode=\"enforce\",operation=\"pay\",outcome=\"replayed\"", "1"), scrape);
        Assert.Matches(Sample("gateway_idempotency_suspected_duplicates_total", "operation=\"pay\"", "1"), scrape);
        Assert.Matches(Sample("gateway_idempotency_route_requests_total", "protection=\"protected\",route=\"pay\"", "3"), scrape);
        Assert.Matches("gateway_idempotency_store_duration_seconds_bucket{[^}]*verb=\"begin\"[^}]*} ", scrape);

        var scraped = GatewayName().Matches(scrape).Select(name => Suffix().Replace(name.Value, "")).Distinct().ToList();
        var documented = Repository.Rows("README.md", "instruments").Select(row => row[1]).ToList();
        Assert.Equal(documented.Order(StringComparer.Ordinal), scraped.Order(StringComparer.Ordinal)); // those with nothing to tell yet tell zero
    }

    [Theory]
    [InlineData(Alerts)]
    [InlineData(Dashboard)]
    public void What_is_built_on_the_metrics_uses_names_that_there_are(string file)
    {
        var documented = Repository.Rows("README.md", "instruments").Select(row => row[1]).ToHashSet();
        var used = GatewayName().Matches(Repository.Read(file)).Select(name => Suffix().Replace(name.Value, "")).Distinct().ToList();
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(documented));
    }

    [Fact]
    public void Every_alert_has_its_section_in_the_runbook_and_the_other_way_round()
    {
        var alerts = Alert().Matches(Repository.Read(Alerts)).Select(alert => alert.Groups[1].Value).ToList();
        var sections = Section().Matches(Repository.Read("docs/runbook.md")).Select(section => section.Groups[1].Value).ToList();
        Assert.NotEmpty(alerts);
        Assert.Equal(alerts.Order(StringComparer.Ordinal), sections.Order(StringComparer.Ordinal));
        Assert.All(alerts, alert => Assert.Contains($"docs/runbook.md#{alert.ToLowerInvariant()}", Repository.Read(Alerts), StringComparison.Ordinal));
    }

    [ServerFact]
    [NeedsPromtool]
    public async Task The_alert_rules_fire_when_they_should_as_Prometheus_itself_says()
    {
        Assert.All(Alert().Matches(Repository.Read(Alerts)).Select(alert => alert.Groups[1].Value), alert => Assert.Contains($"alertname: {alert}", Repository.Read(AlertTests), StringComparison.Ordinal));
        var (exitCode, output) = await Promtool.RunAsync("test", "rules", Path.Combine(Repository.Root.FullName, AlertTests));
        Assert.True(exitCode == 0, output);
    }

    private static string Sample(string name, string labels, string value) => $"{name}{{[^}}]*{string.Join("[^}]*", labels.Split(',').Select(Regex.Escape))}[^}}]*}} {value}( |\n)";

    [GeneratedRegex(@"\bgateway_idempotency_\w+")]
    private static partial Regex GatewayName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"^\s*- alert: (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^## (Idempotency\w+)$", RegexOptions.Multiline)]
    private static partial Regex Section();
}
