using Gateway.Authentication;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Gateway.Proxy;
using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Stores.SqlServer;

namespace Gateway.CommandLine;

/// <summary>The configuration that the gateway would start with, and what it would say to it. Nothing is started, opened or made.</summary>
/// <param name="Report">Null: the routes file cannot be read at all.</param>
/// <param name="Store">The store for people, without secrets.</param>
internal sealed record CheckedConfiguration(string RoutesFile, IReadOnlyList<ConfigurationFault> Faults, OfflineReport? Report, string? Store, JsonPlace Places)
{
    public bool IsGood => Faults.Count == 0;

    public static async Task<CheckedConfiguration> ReadAsync(string[] args)
    {
        var configuration = Program.Builder(args).Configuration;
        var path = configuration.RoutesFilePath();
        try
        {
            configuration.AddRoutesFile(ofAnyShape: true);
        }
        catch (ConfigurationFaultException e)
        {
            return new(path, e.Faults, null, null, new JsonPlace(null));
        }

        var report = await OfflineCheck.RunAsync(configuration);
        var faults = report.Faults.ToList();
        try
        {
            if (!faults.Exists(fault => fault.Place.StartsWith("Authentication", StringComparison.Ordinal)))
            {
                AuthenticationRegistration.ReadFiles(report.Settings.Schemes.Values, Path.GetDirectoryName(path)!);
            }
        }
        catch (AuthenticationFileException e)
        {
            faults.Add(e.Fault);
        }

        string? store = null;
        try
        {
            store = Describe(report.Settings, path);
        }
        catch (StoreConfigurationException e) when (faults.Exists(fault => fault.Place == e.Place))
        {
            // What is wrong there has been told.
        }
        catch (StoreConfigurationException e)
        {
            faults.Add(new(e.Place, e.Problem, e.Cure));
        }

        return new(path, faults, report, store, JsonPlace.In(path));
    }

    public string Place(ConfigurationFault fault) => fault.Place == RoutesFile ? RoutesFile : Places.Of(fault.Place);

    public async Task WriteFaultsAsync(TextWriter writer)
    {
        await writer.WriteLineAsync($"{RoutesFile}: {Faults.Count} {(Faults.Count == 1 ? "fault" : "faults")}.");
        foreach (var fault in Faults)
        {
            await writer.WriteLineAsync($"{Environment.NewLine}{Place(fault)}{Environment.NewLine}  {fault.Problem}{Environment.NewLine}  {fault.Cure}");
        }
    }

    /// <exception cref="StoreConfigurationException">Its connection string cannot be read.</exception>
    private static string Describe(GatewaySettings settings, string routesFile) => settings.Store switch
    {
        StoreKind.Memory => "Memory",
        StoreKind.Sqlite => $"Sqlite, {Path.Combine(Path.GetDirectoryName(routesFile)!, settings.SqlitePath)}",
        StoreKind.Redis => RedisStoreRegistration.Describe(new RedisStoreOptions { Configuration = settings.Redis.Configuration }),
        StoreKind.SqlServer => SqlServerDatabase.Describe(new SqlServerStoreOptions { ConnectionString = settings.SqlServer.ConnectionString, Schema = settings.SqlServer.Schema }),
        _ => throw new InvalidOperationException($"Store {settings.Store} has no description."),
    };
}
