using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Authentication;
using Gateway.CommandLine;
using Gateway.Configuration;
using Gateway.Idempotency;
using Gateway.Idempotency.Authorization;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Secrets;
using Gateway.Idempotency.Waiting;
using Gateway.Management;
using Gateway.Management.Specification;
using Gateway.Proxy;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Stores.Redis;
using Gateway.Stores.Sqlite;
using Gateway.Stores.Sqlite.Spool;
using Gateway.Stores.SqlServer;
using Gateway.Telemetry;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Gateway;

public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        try
        {
            if (GatewayCommand.Find(args) is { } command)
            {
                return await command();
            }

            await using var app = await BuildAsync(args);
            await app.RunAsync();
            return 0;
        }
        catch (ConfigurationFaultException e)
        {
            await Console.Error.WriteLineAsync($"The gateway cannot start. {e.Faults.Count} {(e.Faults.Count == 1 ? "fault" : "faults")} in the configuration:{e.Message}");
            return 1;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or FormatException)
        {
            // A port that is taken, a value that ASP.NET Core cannot read.
            await Console.Error.WriteLineAsync($"The gateway cannot start. {e.Message}");
            return 1;
        }
    }

    /// <param name="configure">For tests: changes to services and settings before the application is built.</param>
    /// <exception cref="ConfigurationFaultException">With every fault that was found.</exception>
    internal static async Task<WebApplication> BuildAsync(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = Builder(args);
        var routesFile = builder.Configuration.AddRoutesFile();
        var settings = GatewaySettings.Read(builder.Configuration);
        UseDefaultAddress(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Header bytes beyond ASCII pass as they are; the proxy's client uses the same encoding.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        });

        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ConfigurationState>();
        builder.Services.AddSingleton<IPostConfigureOptions<LoggerFilterOptions>, QuotingLogs>();
        builder.Services.AddTelemetry(builder.Configuration); // first: it is to hear what the others count at their start
        AddStore(builder.Services, settings, routesFile);
        AddAuthentication(builder, settings, Path.GetDirectoryName(routesFile)!);
        AddIdempotency(builder.Services, settings, Path.GetDirectoryName(routesFile)!);
        builder.Services.AddProtectedProxy(builder.Configuration);
        AddSecrets(builder.Services, settings, Path.GetDirectoryName(routesFile)!);
        builder.Services.AddManagement(Path.Combine(Path.GetDirectoryName(routesFile)!, settings.AuditLogPath));
        builder.Services.AddHostedService<StartupReport>();

        configure?.Invoke(builder);
        var app = builder.Build();
        try
        {
            await StartableAsync(app);
            app.UseRouteCors();
            app.UseRouteAuthorization();
            app.UseRequestTimeouts();
            app.MapSpecification(settings.SpecificationPath);
            app.MapProtectedProxy();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its own settings lie beside the program; the routes file and the data lie where it is started.</summary>
    internal static WebApplicationBuilder Builder(string[] args) =>
        WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    private static void UseDefaultAddress(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration["urls"] is null && configuration["http_ports"] is null && configuration["https_ports"] is null && !configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls("http://localhost:5080");
        }
    }

    private static void AddStore(IServiceCollection services, GatewaySettings settings, string routesFile)
    {
        switch (settings.Store)
        {
            case StoreKind.Memory:
                services.AddInMemoryStore();
                services.AddSingleton(new StoreDescription("Memory", "Memory"));
                break;
            case StoreKind.Sqlite:
                var file = Path.Combine(Path.GetDirectoryName(routesFile)!, settings.SqlitePath);
                services.AddSqliteStore(new SqliteStoreOptions { Path = file, BusyTimeout = settings.OperationTimeout });
                services.AddSingleton(new StoreDescription($"Sqlite, {file}", $"Sqlite, {file}"));
                break;
            case StoreKind.Redis:
                var redis = new RedisStoreOptions
                {
                    Configuration = settings.Redis.Configuration,
                    KeyPrefix = settings.Redis.KeyPrefix,
                    WaitReplicas = settings.Redis.WaitReplicas,
                    AcceptEviction = settings.Redis.AcceptEviction,
                    OperationTimeout = settings.OperationTimeout,
                };
                services.AddRedisStore(redis);
                services.AddSingleton(_ => new StoreDescription(RedisStoreRegistration.Describe(redis), RedisStoreRegistration.NameRecords(redis)));
                break;
            case StoreKind.SqlServer:
                var sqlServer = new SqlServerStoreOptions
                {
                    ConnectionString = settings.SqlServer.ConnectionString,
                    Schema = settings.SqlServer.Schema,
                    CreateSchema = settings.SqlServer.CreateSchema,
                    OperationTimeout = settings.OperationTimeout,
                };
                services.AddSqlServerStore(sqlServer);
                services.AddSingleton(_ => new StoreDescription(SqlServerDatabase.Describe(sqlServer), SqlServerDatabase.NameRecords(sqlServer)));
                break;
            default:
                throw new InvalidOperationException($"Store {settings.Store} has no registration.");
        }

        // Memory forgets its records with the process: no answer could be brought home to them after a restart.
        if (settings is { Store: not StoreKind.Memory, Spool.MaxSize: > 0 })
        {
            var path = Path.Combine(Path.GetDirectoryName(routesFile)!, settings.Spool.Path);
            services.AddSqliteAnswerSpool(
                provider => new AnswerSpoolOptions { Path = path, MaxSize = settings.Spool.MaxSize, Store = provider.GetRequiredService<StoreDescription>().Records },
                settings.OperationTimeout);
        }

        services.AddSingleton(new StoreLimits(settings.OperationTimeout, settings.CompletionTimeout));
        services.AddSingleton<StoreCircuit>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreCircuit>());
        services.AddSingleton<StoreTelemetry>();
        services.AddSingleton<StoreAccess>();
        services.AddSingleton<QuotaAccess>();
        services.AddSingleton<StoreSelfTest>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreSelfTest>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RecordCensus>(provider, provider.GetRequiredService<StoreSelfTest>().Passed));
        services.AddHostedService(provider => provider.GetRequiredService<RecordCensus>());
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<ExpiredRecordSweeper>(provider, provider.GetRequiredService<StoreSelfTest>().Passed));
    }

    private static void AddAuthentication(WebApplicationBuilder builder, GatewaySettings settings, string folder)
    {
        if (settings.Faults.Any(fault => fault.Place.StartsWith("Authentication", StringComparison.Ordinal)))
        {
            return; // told with all others, before anything listens
        }

        try
        {
            builder.Services.AddSchemes(settings.Schemes.Values, folder);
        }
        catch (AuthenticationFileException e)
        {
            throw new ConfigurationFaultException([.. settings.Faults, e.Fault]);
        }
    }

    private static void AddSecrets(IServiceCollection services, GatewaySettings settings, string folder)
    {
        X509Certificate2? certificate = null;
        if (settings.DataProtection.Certificate is { Length: > 0 } file && KeyRingCertificate.TryLoad(Path.Combine(folder, file), settings.DataProtection.CertificatePassword, out certificate) is { } problem)
        {
            throw new ConfigurationFaultException(
            [
                .. settings.Faults,
                new("Idempotency:DataProtection:Certificate", problem, "Name a PFX file with its private key, and its password in CertificatePassword."),
            ]);
        }

        var options = new KeyRingOptions
        {
            Folder = Path.Combine(folder, settings.DataProtection.KeyFolder),
            KeyLifetime = settings.DataProtection.KeyLifetime,
            Certificate = certificate,
        };

        // For what else needs keys (YARP's session affinity): left alone, it would use the home folder. And it is not to make any before they are needed.
        options.Apply(services.AddDataProtection());
        foreach (var preload in services.Where(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
        {
            services.Remove(preload);
        }

        services.AddSingleton(options);
        services.AddSingleton<KeyRing>();
        services.AddSingleton<AnswerSeal>();
        if (services.LastOrDefault(service => service.ServiceType == typeof(IAnswerSpool)) is { ImplementationFactory: { } inner } spool)
        {
            services.Remove(spool);
            services.AddSingleton<IAnswerSpool>(provider => new SealedAnswerSpool((IAnswerSpool)inner(provider), provider.GetRequiredService<AnswerSeal>()));
        }
    }

    private static void AddIdempotency(IServiceCollection services, GatewaySettings settings, string folder)
    {
        services.AddSingleton(new ProblemWriter(settings.SpecificationPath));
        services.AddSingleton<ReplayAuthorizer>();
        services.AddSingleton(new BodyFiles(settings.Buffering with { Path = settings.Buffering.Path is { } path ? Path.Combine(folder, path) : null }));
        services.AddSingleton<PolicyCatalog>();
        services.AddSingleton<RequestFigures>();
        services.AddSingleton<RouteTrafficCatalog>();
        services.AddSingleton<SuspectedDuplicates>();
        services.AddSingleton<RecordWaiters>();
        services.AddHostedService(provider => provider.GetRequiredService<RecordWaiters>());
        services.AddSingleton<OutcomeWriter>();
        services.AddSingleton<ProtectedRuns>();
        services.AddSingleton<Refusals>();
        services.AddSingleton<StoredAnswers>();
        services.AddSingleton<InProgressWait>();

        // Services stop in the reverse order, the web server first: requests end, then the forwards that have lost their
        // client, then the writes that are left.
        services.AddSingleton<DeferredReleases>();
        services.AddHostedService(provider => provider.GetRequiredService<DeferredReleases>());
        services.AddSingleton<CompletionSpool>();
        services.AddHostedService(provider => provider.GetRequiredService<CompletionSpool>());
        services.AddSingleton<RunningClaims>();
        services.AddHostedService(provider => provider.GetRequiredService<RunningClaims>());
        services.AddOptions<HostOptions>().Configure<IConfiguration>((host, configuration) =>
        {
            // Long enough for the slowest forward that the policies allow, unless the user says otherwise (--shutdownTimeoutSeconds).
            if (configuration["shutdownTimeoutSeconds"] is null)
            {
                var longest = settings.Policies.Values.Select(policy => policy.Deadline).DefaultIfEmpty(TimeSpan.FromSeconds(25)).Max();
                host.ShutdownTimeout = longest + settings.CompletionTimeout;
            }
        });
    }

    /// <summary>Everything that can be wrong before the first request: all of it is told at once, and nothing listens yet.</summary>
    private static async Task StartableAsync(WebApplication app)
    {
        var faults = (await ConfigurationCheck.FaultsAsync(app.Services)).ToList();
        var settings = app.Services.GetRequiredService<GatewaySettings>();
        foreach (var part in (Type[])[typeof(IIdempotencyStore), typeof(IAnswerSpool)])
        {
            try
            {
                app.Services.GetService(part);
            }
            catch (StoreConfigurationException e) when (faults.Exists(fault => fault.Place == e.Place))
            {
                // What is wrong there has been told.
            }
            catch (StoreConfigurationException e)
            {
                faults.Add(new(e.Place, e.Problem, e.Cure));
            }
        }

        if (settings.Buffering.Path is not null && app.Services.GetRequiredService<BodyFiles>().Try() is { } unusable)
        {
            faults.Add(new("Idempotency:Buffering:Path", $"cannot be used: {unusable}", "Name a folder that the gateway may write to."));
        }

        if (faults.Count == 0 && PrepareKeyRing(app) is { } broken)
        {
            faults.Add(broken);
        }

        if (faults.Count > 0)
        {
            throw new ConfigurationFaultException(faults);
        }

        var live = app.Services.GetRequiredService<LiveConfiguration>();
        foreach (var file in ((IConfigurationRoot)app.Configuration).Providers.OfType<RoutesFileProvider>())
        {
            file.Refused += live.Refuse;
        }
    }

    /// <summary>Now, and not in the middle of a request. Only a policy that encrypts cannot do without it.</summary>
    private static ConfigurationFault? PrepareKeyRing(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<GatewaySettings>();
        var isNeeded = settings.Policies.Values.Any(policy => policy.EncryptAnswers);
        if (!isNeeded && app.Services.GetService<IAnswerSpool>() is null)
        {
            return null;
        }

        try
        {
            app.Services.GetRequiredService<KeyRing>().Prepare();
            if (app.Services.GetRequiredService<KeyRingOptions>() is { IsOpenToOthers: true, Certificate: null, Folder: var folder })
            {
                Log.KeyFolderOpen(app.Logger, folder);
            }

            return null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            var fault = new ConfigurationFault("Idempotency:DataProtection:KeyFolder", $"cannot be used: {e.Message}", "Name a folder that the gateway may write to, and the certificate that its keys were encrypted with.");
            if (!isNeeded)
            {
                Log.KeyRingUnusable(app.Logger, fault.ToString());
                return null;
            }

            return fault;
        }
    }
}
