using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Policies.Profiles;
using Gateway.Idempotency.Response;
using Gateway.Stores;
using Gateway.Tests.Configuration;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Project;

/// <summary>What the README says in tables is what the code does.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_policy_key_of_the_README_is_read_and_no_other()
    {
        // A policy of known keys with values that none of them takes: each is reported by its own fault.
        var documented = Rows("policy").Select(row => row[0]).ToList();
        var settings = documented.ToDictionary(key => $"Idempotency:Policies:p:{key}", _ => (string?)"?!");
        var faults = GatewaySettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).Faults;
        Assert.DoesNotContain(faults, fault => fault.Problem == "is not a known key.");

        // And what the reader names as known is in the table.
        var unknown = new[] { "p", "p:Key", "p:Fingerprint" }.ToDictionary(section => $"Idempotency:Policies:{section}:zzzzzzzzzzzzzzzz", _ => (string?)"1");
        foreach (var fault in GatewaySettings.Read(new ConfigurationBuilder().AddInMemoryCollection(unknown).Build()).Faults.Where(fault => fault.Cure.StartsWith("Known here: ", StringComparison.Ordinal)))
        {
            var prefix = fault.Place.Split(':') is [_, _, _, var section, _] ? $"{section}:" : "";
            foreach (var key in fault.Cure["Known here: ".Length..].TrimEnd('.').Split(", ").Except(["Key", "Fingerprint"]))
            {
                Assert.Contains($"{prefix}{key}", documented);
            }
        }
    }

    [Fact]
    public void The_defaults_of_the_README_are_the_defaults()
    {
        var policy = GatewaySettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Idempotency:Policies:p:Actor:0", "Shared")]).Build()).Policies["p"];
        var defaults = Rows("policy").ToDictionary(row => row[0], row => row[1]);
        Assert.Equal(defaults["Mode"], policy.Mode.ToString());
        Assert.Equal(defaults["Methods"].Split(", ").Order(), policy.Methods.Order());
        Assert.Equal(defaults["Key:Header"], policy.Key.Header);
        Assert.Equal(defaults["Key:Required"], policy.Key.Required ? "true" : "false");
        Assert.Equal(defaults["Key:Format"], policy.Key.Format.Name);
        Assert.Equal(defaults["Key:MinLength"], $"{policy.Key.MinLength}");
        Assert.Equal(defaults["Key:MaxLength"], $"{policy.Key.MaxLength}");
        Assert.Equal(defaults["Fingerprint:Body"], policy.Fingerprint.Body.ToString());
        Assert.Equal(defaults["Fingerprint:Query"], policy.Fingerprint.Query ? "true" : "false");
        Assert.Equal(defaults["Retention"], policy.Retention.ToString("c"));
        Assert.Equal(defaults["Lease"], policy.Lease.ToString("c"));
        Assert.Equal(defaults["Deadline"], policy.Deadline.ToString("c"));
        Assert.Equal(defaults["InProgress"], policy.InProgress.ToString());
        Assert.Equal(defaults["OutcomeUnknown"], policy.OutcomeUnknown.ToString());
        Assert.Equal(defaults["StoreFailure"], policy.StoreFailure.ToString());
        Assert.Equal(defaults["ReleaseStatusCodes"], string.Join(", ", policy.ReleaseStatusCodes.Order()));
        Assert.Equal(defaults["UnknownStatusCodes"], string.Join(", ", policy.UnknownStatusCodes.Order()));
        Assert.Equal(defaults["RetainBody"], policy.RetainBody ? "true" : "false");
        Assert.Equal(defaults["DuplicateWindow"], policy.DuplicateWindow.ToString("c"));
        Assert.Equal(defaults["ShowBody"], policy.ShowBody ? "true" : "false");
        Assert.Equal(defaults["MaxRequestBodySize"], $"{policy.MaxRequestBodySize}");
        Assert.Equal(defaults["MaxResponseBodySize"], $"{policy.MaxResponseBodySize}");
    }

    [Fact]
    public void The_CORS_keys_of_the_README_are_those_that_are_read_with_their_defaults()
    {
        var rows = Rows("cors").ToDictionary(row => row[0], row => row[1]);
        var unknown = Assert.Single(
            GatewaySettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Cors:Policies:c:Origins:0", "*"), new("Cors:Policies:c:zzzzzzzzzzzzzzzz", "1")]).Build()).Faults);
        Assert.Equal(unknown.Cure["Known here: ".Length..].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));

        var policy = GatewaySettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Cors:Policies:c:Origins:0", "*")]).Build()).Cors["c"];
        Assert.Equal(rows["Methods"], string.Join(", ", policy.Methods));
        Assert.Equal(rows["Credentials"], policy.SupportsCredentials ? "true" : "false");
        Assert.Equal(rows["MaxAge"], policy.PreflightMaxAge!.Value.ToString("c"));
        Assert.Equal(["Content-Type"], policy.Headers);
        Assert.Equal(["Idempotent-Replayed", "Idempotency-Status", "Retry-After", "Link"], policy.ExposedHeaders);
    }

    [Fact]
    public void Every_answer_of_the_README_is_one_that_the_gateway_gives_and_the_other_way_round()
    {
        var given = new[]
        {
            Problems.KeyMissing(new KeyRules()),
            Problems.KeyInvalid(new KeyRules(), "x"),
            Problems.RepeatabilityExpired(TimeSpan.FromHours(1)), Problems.ActorMissing(ActorRules.Shared),
            Problems.BodyTooLarge(1),
            Problems.StoreUnavailable(),
            Problems.TooManyInFlight(1),
            Problems.DigestMismatch(),
            Problems.BufferUnavailable(),
            Problems.AuthorizationUnavailable(),
            Problems.QuotaExceeded(new IdempotencyPolicy { Name = "p", Actor = ActorRules.Shared }, TimeSpan.FromHours(1)),
            Problems.KeyReused(new Fingerprint(1, 2, 3), default),
            Problems.InProgress(TimeSpan.FromSeconds(1)),
            Problems.OutcomeUnknown(default),
            Problems.OutcomeLost(502, default, OutcomeUnknownBehaviour.Hold),
            Problems.OutcomeLost(504, default, OutcomeUnknownBehaviour.Hold),
            Problems.UpstreamUnreachable(502),
            Problems.UpstreamUnreachable(503),
            Problems.UpstreamUnreachable(504),
        }.Select(problem => $"{problem.Status} {problem.Code}").Append("409 response-not-retained");
        var documented = Rows("answers").SelectMany(row => row[0].Split(", ").Select(status => $"{status} {row[1]}"));
        Assert.Equal(given.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1, PolicyProfile.Ietf)]
    [InlineData(2, PolicyProfile.Stripe)]
    [InlineData(3, PolicyProfile.Acp)]
    [InlineData(4, PolicyProfile.Ucp)]
    public void The_table_of_profiles_says_what_each_profile_sets(int column, object profile)
    {
        var defaults = ProfileDefaults.Of((PolicyProfile)profile);
        Dictionary<string, string> set = new()
        {
            ["ErrorFormat"] = $"{defaults.ErrorFormat}",
            ["RefusalStatusCodes:key-reused"] = $"{defaults.RefusalStatusCodes.GetValueOrDefault("key-reused", ProblemCatalog.Refusals["key-reused"])}",
            ["ReleaseStatusCodes"] = StatusCodeSet.Text(StatusCodeSet.Of(defaults.ReleaseStatusCodes)),
            ["UnknownStatusCodes"] = StatusCodeSet.Text(StatusCodeSet.Of(defaults.UnknownStatusCodes)),
            ["Fingerprint:Body"] = $"{defaults.Body}",
            ["Fingerprint:MediaType"] = defaults.MediaType ? "true" : "false",
            ["Key:Required"] = defaults.KeyRequired ? "true" : "false",
            ["Key:MinLength"] = $"{defaults.KeyMinLength}",
            ["Key:MaxLength"] = $"{defaults.KeyMaxLength}",
            ["Key:Scope"] = $"{defaults.KeyScope}",
            ["Key:Echo"] = defaults.EchoKey ? "true" : "false",
            ["MarkReplays"] = defaults.MarkReplays ? "true" : "false",
            ["Retention"] = $"{defaults.Retention:c}",
            ["StoreFailure"] = $"{defaults.StoreFailure}",
        };
        Assert.All(defaults.RefusalStatusCodes.Keys, code => Assert.Equal("key-reused", code));
        Assert.Equal(set, Rows("profiles").ToDictionary(row => row[0], row => row[column]));
    }

    [Fact]
    public void The_sample_of_authentication_has_no_fault()
    {
        var json = Repository.Read("README.md").Split("<!-- authentication -->")[1].Split("```")[1]["json".Length..];
        var settings = Settings.Read(json);
        Assert.Empty(settings.Faults);
        Assert.Equal(["corp", "machines", "shops"], settings.Schemes.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["machines", "payers"], settings.Authorization.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_repositorys_routes_file_has_no_fault()
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.Combine(Repository.Root.FullName, "appsettings.routes.json")).Build();
        Assert.Empty(GatewaySettings.Read(configuration).Faults);
        Assert.Empty(RoutesShape.Check(configuration));
    }

    [Fact]
    public async Task Every_instrument_of_the_README_is_made_with_its_unit_and_no_other()
    {
        var made = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            lock (made)
            {
                if (instrument.Meter.Name == StoreMeter.Name)
                {
                    made.Add($"{instrument.Name} {instrument.Unit}");
                }
            }
        };
        listener.Start();
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        lock (made)
        {
            Assert.Equal(Rows("instruments").Select(row => $"{row[0]} {row[2]}").Order(StringComparer.Ordinal), made.Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Every_outcome_is_in_the_README() =>
        Assert.Equal(
            Enum.GetValues<RequestOutcome>().Select(outcome => outcome.Name()).Order(StringComparer.Ordinal),
            Rows("outcomes").SelectMany(row => row[0].Split(", ")).Order(StringComparer.Ordinal));

    [Fact]
    public void The_published_specification_tells_of_every_answer_of_the_README() =>
        Assert.Equal(
            Rows("answers").SelectMany(row => row[0].Split(", ").Select(status => $"{status} {row[1]}")).Order(StringComparer.Ordinal),
            ProblemCatalog.All.SelectMany(problem => problem.Statuses.Select(status => $"{status} {problem.Code}")).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/rollout.md")]
    [InlineData("docs/runbook.md")]
    public void Every_file_that_a_document_names_is_there(string document)
    {
        foreach (Match match in RepositoryPath().Matches(Repository.Read(document)))
        {
            var path = Path.Combine(Repository.Root.FullName, match.Groups[1].Value);
            Assert.True(Path.Exists(path), $"{document} names {match.Groups[1].Value}.");
        }
    }

    private static List<string[]> Rows(string table) => Repository.Rows("README.md", table);

    [GeneratedRegex(@"[`(]((?:src|tests|docs|deploy)/[\w/.-]+|demo\.cs|docker-compose\.yml|appsettings\.routes\.json|Gateway\.sln)[`)]")]
    private static partial Regex RepositoryPath();
}
