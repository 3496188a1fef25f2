using System.Text;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Gateway.Proxy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>What a start makes of a routes file: the faults that it would end with, or what would be in force. Every check that there is, and no listener.</summary>
/// <param name="Protected">Of each route, whether a POST on it is protected.</param>
internal sealed record FileVerdict(IReadOnlyList<ConfigurationFault> Faults, IReadOnlyDictionary<string, bool> Protected, GatewaySettings? Settings)
{
    public bool IsAccepted => Faults.Count == 0;

    public static Task<FileVerdict> OfAsync(string json) => OfAsync(Encoding.UTF8.GetBytes(json));

    public static async Task<FileVerdict> OfAsync(byte[] file)
    {
        var path = Path.Combine(Path.GetTempPath(), $"routes-{Guid.NewGuid():N}.json");
        await File.WriteAllBytesAsync(path, file);
        using var provider = new RoutesFileProvider(path);
        try
        {
            provider.Load();
            provider.Dispose();
        }
        catch (ConfigurationFaultException e)
        {
            return new FileVerdict(e.Faults, new Dictionary<string, bool>(), null);
        }
        finally
        {
            File.Delete(path);
        }

        return await OfAsync(new ConfigurationRoot([new Loaded(provider)]));
    }

    private static async Task<FileVerdict> OfAsync(IConfigurationRoot configuration)
    {
        var settings = GatewaySettings.Read(configuration);
        if (settings.Faults.Count > 0)
        {
            return new FileVerdict(settings.Faults, new Dictionary<string, bool>(), settings); // it would end the start; YARP need not be asked
        }

        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(settings)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ConfigurationState>()
            .AddSingleton<PolicyCatalog>()
            .AddLogging()
            .AddRouting()
            .AddProtectedProxy(configuration)
            .BuildServiceProvider();
        var faults = await ConfigurationCheck.FaultsAsync(services);
        if (faults.Count > 0)
        {
            return new FileVerdict(faults, new Dictionary<string, bool>(), settings);
        }

        var routes = services.GetServices<IProxyConfigProvider>().SelectMany(provider => provider.GetConfig().Routes);
        return new FileVerdict(
            faults,
            routes.ToDictionary(route => route.RouteId, route => LiveConfiguration.PolicyName(route) is { } name && settings.Policies[name].Protects("POST")),
            settings);
    }

    /// <summary>A root loads its providers; this one is loaded, and its file is gone.</summary>
    private sealed class Loaded(RoutesFileProvider provider) : ConfigurationProvider
    {
        public override void Load()
        {
            foreach (var key in Keys(null))
            {
                if (provider.TryGet(key, out var value))
                {
                    Data[key] = value;
                }
            }
        }

        private IEnumerable<string> Keys(string? parent) => provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(child => parent is null ? child : ConfigurationPath.Combine(parent, child))
            .SelectMany(key => Keys(key).Prepend(key));
    }
}
