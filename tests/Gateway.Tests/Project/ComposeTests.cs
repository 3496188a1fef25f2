using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.Data.SqlClient;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Project;

/// <summary>No Docker here: what docker-compose.yml says is read, and what it starts is started without it.</summary>
public sealed partial class ComposeTests : IDisposable
{
    private static readonly ComposeFile Compose = ComposeFile.Read();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public static TheoryData<string> Gateways => [.. Compose.Services.Keys.Where(name => name.StartsWith("gateway-", StringComparison.Ordinal))];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("sqlite", "backend", "gateway-sqlite")]
    [InlineData("redis", "backend", "gateway-redis-1", "gateway-redis-2", "redis")]
    [InlineData("sqlserver", "backend", "gateway-sqlserver-1", "gateway-sqlserver-2", "sqlserver", "sqlserver-database")]
    public void A_profile_starts_what_it_needs_and_each_service_says_when_it_is_healthy(string profile, params string[] names)
    {
        var services = Compose.Services.Where(service => service.Value.Profiles.Contains(profile)).ToDictionary();
        Assert.Equal(names.Order(StringComparer.Ordinal), services.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, service) in services)
        {
            Assert.All(service.DependsOn, needed => Assert.Contains(needed, services.Keys));
            Assert.True(service.HealthTest.Count > 1 || name == "sqlserver-database", $"{name} has no health check.");
            Assert.All(service.Volumes, volume => Assert.Contains(volume.Split(':')[0], Compose.Volumes));
        }

        Assert.Equal(services.Values.SelectMany(service => service.Ports).Distinct().Count(), services.Values.Sum(service => service.Ports.Count));
    }

    [Theory]
    [MemberData(nameof(Gateways))]
    public void A_gateways_settings_have_no_fault_and_its_container_no_rights(string name)
    {
        var service = Compose.Services[name];
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Repository.Root.FullName, "appsettings.routes.json"))
            .AddInMemoryCollection(service.Environment.ToDictionary(pair => pair.Key.Replace("__", ":", StringComparison.Ordinal), pair => (string?)pair.Value))
            .Build();
        var settings = GatewaySettings.Read(configuration);
        Assert.Empty(settings.Faults);
        Assert.Empty(RoutesShape.Check(configuration));
        Assert.Equal(service.Profiles.Single(), settings.Store.ToString(), ignoreCase: true);
        Assert.True(service.Has("read_only", "true") && service.Has("cap_drop", "ALL") && service.Has("security_opt", "no-new-privileges:true"));
        Assert.True(service.StopGracePeriod > settings.Policies.Values.Max(policy => policy.Deadline) + (4 * settings.CompletionTimeout) + settings.OperationTimeout); // server, runs, spool, releases
        Assert.Equal(["CMD", "dotnet", "/app/Gateway.dll", "health"], service.HealthTest);
    }

    [Fact]
    public void Images_are_built_from_what_is_there_and_run_as_somebody_without_rights()
    {
        var dockerfiles = Compose.Services.Values.Select(service => service.Dockerfile).OfType<string>().Distinct().ToList();
        Assert.Equal(2, dockerfiles.Count);
        foreach (var dockerfile in dockerfiles)
        {
            var text = Repository.Read(dockerfile);
            Assert.Contains("\nUSER $APP_UID\n", text, StringComparison.Ordinal);
            Assert.All(Copied().Matches(text), match => Assert.All(
                match.Groups[1].Value.Split(' '), source => Assert.True(Path.Exists(Path.Combine(Repository.Root.FullName, source)), $"{dockerfile} copies {source}.")));
        }
    }

    [ServerFact]
    [NeedsRedis]
    public async Task The_profile_redis_charges_once_whichever_gateway_is_asked()
    {
        var redis = Compose.Services["redis"].Command;
        Assert.Equal("redis-server", redis[0]);
        await using var server = await RedisServer.StartAsync([.. redis.Skip(1)]);
        await ChargesOnceAsync("redis", settings => settings["Idempotency__Stores__Redis__Configuration"] = settings["Idempotency__Stores__Redis__Configuration"].Replace("redis:6379", server.Configuration, StringComparison.Ordinal));
    }

    [Fact]
    public Task The_profile_sqlite_charges_once() => ChargesOnceAsync("sqlite", static _ => { });

    [ServerFact]
    [NeedsSqlServer]
    public async Task The_profile_sqlserver_charges_once_whichever_gateway_is_asked()
    {
        var given = SqlServerAccess.ConnectionString!;
        var schema = $"gateway_test_{Guid.NewGuid():N}";
        try
        {
            await ChargesOnceAsync("sqlserver", settings =>
            {
                Assert.Equal("gateway", new SqlConnectionStringBuilder(settings["Idempotency__Stores__SqlServer__ConnectionString"]).InitialCatalog);
                settings["Idempotency__Stores__SqlServer__ConnectionString"] = given;
                settings["Idempotency__Stores__SqlServer__Schema"] = schema;
                settings["Idempotency__Stores__OperationTimeout"] = "00:00:30";
            });
        }
        finally
        {
            SqlServerAccess.Drop(given, schema);
        }
    }

    [Theory]
    [InlineData(true, false, 0)]
    [InlineData(true, true, 0)] // the gateway goes on with its last good file, and so does its health
    [InlineData(false, false, 1)]
    public async Task The_health_verb_tells_by_its_exit_code_whether_a_gateway_is_ready(bool isRunning, bool isFileBroken, int expected)
    {
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File("http://localhost:1/"));
        await using var gateway = isRunning ? await GatewayProcess.StartAsync(routes) : null;
        if (isFileBroken)
        {
            await File.WriteAllTextAsync(routes, "{ broken");
        }

        var url = gateway?.Management.ToString().TrimEnd('/') ?? "http://127.0.0.1:1";
        using var probe = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, "health", "--routes", routes, "--Management:Url", url])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await probe.StandardOutput.ReadToEndAsync().WithinLimit() + await probe.StandardError.ReadToEndAsync().WithinLimit();
        await probe.WaitForExitAsync().WithinLimit();
        Assert.Equal(expected, probe.ExitCode);
        Assert.Contains(isRunning ? "\"ready\"" : "No gateway answers at", output, StringComparison.Ordinal);
    }

    /// <summary>The profile's gateways with their own environment; only what names other containers leads to this machine.</summary>
    private async Task ChargesOnceAsync(string profile, Action<Dictionary<string, string>> lead)
    {
        await using var backend = global::SampleBackend.Program.Build(["--urls", "http://127.0.0.1:0"]);
        await backend.StartAsync();
        var gateways = new List<GatewayProcess>();
        try
        {
            foreach (var (name, service) in Compose.Services.Where(service => service.Key.StartsWith("gateway-", StringComparison.Ordinal) && service.Value.Profiles.Contains(profile)))
            {
                var settings = service.Environment.ToDictionary();
                Assert.Equal("http://backend:8080/", settings["ReverseProxy__Clusters__legacy__Destinations__a__Address"]);
                settings["ReverseProxy__Clusters__legacy__Destinations__a__Address"] = backend.Urls.First();
                settings["Management__Url"] = "http://127.0.0.1:0";
                lead(settings);
                var own = _folder.CreateSubdirectory(name);
                File.Copy(Path.Combine(Repository.Root.FullName, "appsettings.routes.json"), Path.Combine(own.FullName, "routes.json"));
                gateways.Add(await GatewayProcess.StartAsync(Path.Combine(own.FullName, "routes.json"), settings));
            }

            foreach (var gateway in gateways)
            {
                gateway.Client.DefaultRequestHeaders.Add("Authorization", "me");
                using var answer = await gateway.Client.PostAsync("compose", path: "/payments/7/confirm");
                Assert.Equal((200, gateway != gateways[0]), ((int)answer.StatusCode, answer.IsReplay()));
            }

            var ledger = await gateways[0].Client.GetFromJsonAsync<JsonElement>("/payments/7");
            Assert.Equal(1, ledger.GetProperty("charges").GetArrayLength());
        }
        finally
        {
            foreach (var gateway in gateways)
            {
                await gateway.DisposeAsync();
            }
        }
    }

    [GeneratedRegex(@"^COPY (?!--from)([^\n]+?) \S+$", RegexOptions.Multiline)]
    private static partial Regex Copied();
}
