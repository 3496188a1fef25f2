using System.Collections.Frozen;
using Gateway.Authentication;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Gateway.Configuration;

internal enum StoreKind
{
    Memory,
    Sqlite,
    Redis,
    SqlServer,
}

/// <summary>
/// Everything that the gateway itself reads from the configuration, and everything that is wrong with it. The routes and
/// clusters are YARP's to read.
/// </summary>
internal sealed class GatewaySettings
{
    public const string DefaultSpecificationPath = "/.well-known/idempotency";
    public const string DefaultManagementUrl = "http://127.0.0.1:9090";

    public required StoreKind Store { get; init; }

    public required string SpecificationPath { get; init; }

    /// <summary>As configured: relative to the routes file's folder.</summary>
    public required string SqlitePath { get; init; }

    public required RedisSettings Redis { get; init; }

    public required SqlServerSettings SqlServer { get; init; }

    public required SpoolSettings Spool { get; init; }

    public required BufferingOptions Buffering { get; init; }

    public required DataProtectionSettings DataProtection { get; init; }

    /// <summary>One store call. Default 2 s.</summary>
    public required TimeSpan OperationTimeout { get; init; }

    /// <summary>All tries to keep one answer before its client gets it. Default 5 s.</summary>
    public required TimeSpan CompletionTimeout { get; init; }

    public required Uri ManagementUrl { get; init; }

    /// <summary>Null: there is none, and the listener is this machine's alone. Never logged.</summary>
    public required string? ManagementApiKey { get; init; }

    /// <summary>As configured: relative to the routes file's folder.</summary>
    public required string AuditLogPath { get; init; }

    public required FrozenDictionary<string, IdempotencyPolicy> Policies { get; init; }

    /// <summary>By name, as routes name them (<c>CorsPolicy</c>).</summary>
    public required FrozenDictionary<string, CorsPolicy> Cors { get; init; }

    /// <summary>By name. Read at start.</summary>
    public required FrozenDictionary<string, AuthenticationScheme> Schemes { get; init; }

    /// <summary>All that stands there, to be compared.</summary>
    public required Secret AuthenticationText { get; init; }

    /// <summary>By name, as routes name them (<c>AuthorizationPolicy</c>).</summary>
    public required FrozenDictionary<string, AuthorizationPolicy> Authorization { get; init; }

    public required IReadOnlyList<ConfigurationFault> Faults { get; init; }

    /// <summary>What is read once, at start: a reload that changes one of these has no effect before the next start.</summary>
    public IEnumerable<(string Place, object Value)> ReadAtStart =>
    [
        ("Idempotency:Store", Store), ("Idempotency:SpecificationPath", SpecificationPath), ("Idempotency:Stores:Sqlite:Path", SqlitePath),
        ("Idempotency:Stores:OperationTimeout", OperationTimeout), ("Idempotency:Stores:CompletionTimeout", CompletionTimeout),
        ("Idempotency:Stores:Redis:KeyPrefix", Redis.KeyPrefix), ("Idempotency:Stores:Redis:WaitReplicas", Redis.WaitReplicas), ("Idempotency:Stores:Redis:AcceptEviction", Redis.AcceptEviction),
        ("Idempotency:Stores:SqlServer:Schema", SqlServer.Schema), ("Idempotency:Stores:SqlServer:CreateSchema", SqlServer.CreateSchema),
        ("Idempotency:Stores:Spool:Path", Spool.Path), ("Idempotency:Stores:Spool:MaxSize", Spool.MaxSize),
        ("Idempotency:Buffering", Buffering),
        ("Idempotency:DataProtection:KeyFolder", DataProtection.KeyFolder), ("Idempotency:DataProtection:KeyLifetime", DataProtection.KeyLifetime),
        ("Idempotency:DataProtection:Certificate", DataProtection.Certificate), ("Idempotency:DataProtection:CertificatePassword", new Secret(DataProtection.CertificatePassword)),
        ("Management:Url", ManagementUrl), ("Management:ApiKey", new Secret(ManagementApiKey)), ("Management:AuditLog", AuditLogPath),
        ("Authentication", AuthenticationText),
    ];

    public static GatewaySettings Read(IConfiguration configuration)
    {
        var faults = new List<ConfigurationFault>();
        var management = new SectionReader(configuration.GetSection("Management"), faults);
        var section = new SectionReader(configuration.GetSection("Idempotency"), faults);
        var stores = section.Child("Stores");
        var sqlite = stores.Child("Sqlite");
        var redis = stores.Child("Redis", isSecret: true);
        var sqlServer = stores.Child("SqlServer", isSecret: true);
        var spool = stores.Child("Spool");
        var buffering = section.Child("Buffering");
        var protection = section.Child("DataProtection");
        var schemes = AuthenticationReader.ReadAll(new SectionReader(configuration.GetSection("Authentication"), faults));
        var policies = PolicyReader.ReadAll(section.Child("Policies"));
        var settings = new GatewaySettings
        {
            Store = section.Choice("Store", StoreKind.Sqlite),
            SpecificationPath = SpecificationPathOf(section),
            SqlitePath = sqlite.Text("Path") ?? "data/idempotency.db",
            Redis = new RedisSettings(
                redis.Text("Configuration") ?? "localhost:6379",
                redis.Text("KeyPrefix") ?? "idem:",
                redis.Number("WaitReplicas", 0, 0, 100),
                redis.Flag("AcceptEviction", false)),
            SqlServer = new SqlServerSettings(sqlServer.Text("ConnectionString") ?? "", SchemaOf(sqlServer), sqlServer.Flag("CreateSchema", true)),
            Spool = new SpoolSettings(spool.Text("Path") ?? "data/spool.db", spool.Number("MaxSize", 256 << 20, 0, int.MaxValue)),
            Buffering = new BufferingOptions(
                buffering.Number("MemoryThreshold", BufferingOptions.Default.MemoryThreshold, 4096, 1 << 26), buffering.Text("Path"), buffering.Number("MaxDiskSize", BufferingOptions.Default.MaxDiskSize, 0, 1L << 40)),
            DataProtection = new DataProtectionSettings(
                protection.Text("KeyFolder") ?? "data/keys",
                protection.Duration("KeyLifetime", TimeSpan.FromDays(90), TimeSpan.FromDays(7), TimeSpan.FromDays(3650)),
                protection.Text("Certificate") ?? "",
                protection.Text("CertificatePassword")),
            OperationTimeout = stores.Duration("OperationTimeout", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            CompletionTimeout = stores.Duration("CompletionTimeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)),
            ManagementUrl = ManagementUrlOf(management),
            ManagementApiKey = management.Text("ApiKey"),
            AuditLogPath = management.Text("AuditLog") ?? "data/audit.jsonl",
            Policies = policies,
            Cors = CorsReader.ReadAll(new SectionReader(configuration.GetSection("Cors"), faults), KeyHeaders(policies.Values)),
            Schemes = schemes,
            AuthenticationText = new Secret(string.Join('\n', configuration.GetSection("Authentication").AsEnumerable().OrderBy(pair => pair.Key, StringComparer.Ordinal))),
            Authorization = AuthorizationReader.ReadAll(new SectionReader(configuration.GetSection("Authorization"), faults), schemes),
            Faults = faults,
        };
        management.RefuseUnknownKeys();
        sqlite.RefuseUnknownKeys();
        redis.RefuseUnknownKeys();
        sqlServer.RefuseUnknownKeys();
        spool.RefuseUnknownKeys();
        buffering.RefuseUnknownKeys();
        protection.RefuseUnknownKeys();
        if (settings is { Store: StoreKind.SqlServer, SqlServer.ConnectionString.Length: 0 })
        {
            sqlServer.Fault("ConnectionString", "is missing.", "Write it as in Server=sql1;Database=gateway;…, best in the environment (Idempotency__Stores__SqlServer__ConnectionString).");
        }

        stores.RefuseUnknownKeys();
        section.RefuseUnknownKeys();
        return settings;
    }

    /// <summary>What browsers have to let pass, both ways.</summary>
    private static List<string> KeyHeaders(IEnumerable<IdempotencyPolicy> policies)
    {
        var headers = policies.SelectMany(policy => policy.Key.Headers).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToList();
        return headers.Contains(Repeatability.RequestId, StringComparer.OrdinalIgnoreCase) ? [.. headers, Repeatability.FirstSent, Repeatability.Result] : headers;
    }

    /// <summary>It becomes part of the statements: a plain name, and nothing else.</summary>
    private static string SchemaOf(SectionReader section)
    {
        const string Default = "idempotency";
        var schema = section.Text("Schema") ?? Default;
        if (schema.Length > 128 || !schema.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(schema[0]))
        {
            section.Fault("Schema", $"'{schema}' is not a schema's name here.", $"Use letters, digits and underscores, 128 at most (default: {Default}).");
            return Default;
        }

        return schema;
    }

    private static string SpecificationPathOf(SectionReader section)
    {
        var path = section.Text("SpecificationPath") ?? DefaultSpecificationPath;
        if (!path.StartsWith('/') || path.Contains('#') || path.Contains('?') || path.Any(c => c is < '!' or > '~' or '<' or '>' or '"'))
        {
            section.Fault("SpecificationPath", $"'{path}' is not a path.", $"Write it as in {DefaultSpecificationPath}.");
            return DefaultSpecificationPath;
        }

        return path;
    }

    private static Uri ManagementUrlOf(SectionReader section)
    {
        var text = section.Text("Url") ?? DefaultManagementUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
        {
            section.Fault("Url", $"'{text}' is not an address to listen on.", $"Write it as in {DefaultManagementUrl}.");
            return new Uri(DefaultManagementUrl);
        }

        if (!url.IsLoopback && section.Text("ApiKey") is null)
        {
            section.Fault("ApiKey", $"is missing, and {text} can be reached from other machines.", "Set a key (Management__ApiKey in the environment), or listen on 127.0.0.1.");
        }

        return url;
    }
}

/// <summary>Can be compared, and not be printed.</summary>
internal sealed record Secret(string? Value)
{
    public override string ToString() => "another one";
}

/// <summary><c>Idempotency:Stores:Redis</c>, as configured. The configuration string may hold a password: never logged.</summary>
internal sealed record RedisSettings(string Configuration, string KeyPrefix, int WaitReplicas, bool AcceptEviction)
{
    /// <summary>A record prints its members by itself; this one must not.</summary>
    public override string ToString() => nameof(RedisSettings);
}

/// <summary><c>Idempotency:Stores:SqlServer</c>, as configured. The connection string may hold a password: never logged.</summary>
internal sealed record SqlServerSettings(string ConnectionString, string Schema, bool CreateSchema)
{
    public override string ToString() => nameof(SqlServerSettings);
}

/// <summary><c>Idempotency:Stores:Spool</c>, as configured.</summary>
/// <param name="Path">Relative to the routes file's folder.</param>
/// <param name="MaxSize">Bytes of answers; 0: no file.</param>
internal sealed record SpoolSettings(string Path, int MaxSize);

/// <summary><c>Idempotency:DataProtection</c>, as configured. Paths are relative to the routes file's folder.</summary>
/// <param name="Certificate">A PFX file; empty: none.</param>
/// <param name="CertificatePassword">Never logged.</param>
internal sealed record DataProtectionSettings(string KeyFolder, TimeSpan KeyLifetime, string Certificate, string? CertificatePassword)
{
    public override string ToString() => nameof(DataProtectionSettings);
}
