using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.CrashTest.Site;

/// <summary>One gateway: its process, which comes and goes, its routes file, and its wires to the store and the backend.</summary>
internal sealed partial class GatewayNode : IAsyncDisposable
{
    private readonly CrashOptions _options;
    private readonly IStoreSite _store;
    private readonly string _folder;
    private readonly string _routes;
    private readonly string _log;
    private readonly HttpClient _management = new() { Timeout = TimeSpan.FromSeconds(5) };
    private NodeProcess? _process;
    private Uri? _managementAddress;

    public GatewayNode(int number, CrashOptions options, IStoreSite store, int backendPort)
    {
        (Number, _options, _store) = (number, options, store);
        _folder = options.Folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"gateway-{number}")).FullName;
        _routes = Path.Combine(_folder, "routes.json");
        _log = Path.Combine(options.Folder.FullName, string.Create(CultureInfo.InvariantCulture, $"gateway-{number}.log"));
        BackendLink = FaultyLink.To("127.0.0.1", backendPort, Ports.Next());
        StoreLink = store.Link();
        WriteRoutes(RoutesFile.First);
    }

    public int Number { get; }

    public FaultyLink BackendLink { get; }

    /// <summary>Null: the store is a file.</summary>
    public FaultyLink? StoreLink { get; }

    /// <summary>Where clients find it now.</summary>
    public Uri Address { get; private set; } = null!;

    public int ProcessId => _process!.Id;

    /// <summary>Nobody has killed it: it has ended by itself, or could not start.</summary>
    public bool HasEnded => _process is null || _process.HasEnded;

    public async Task StartAsync()
    {
        (_process, Address, _managementAddress) = await LaunchAsync();
    }

    public Task KillAsync() => _process!.KillAsync();

    public Task RestartAsync()
    {
        _process?.Dispose();
        _process = null;
        return StartAsync();
    }

    public Task FreezeAsync() => _process!.FreezeAsync();

    public Task ThawAsync() => _process!.ThawAsync();

    /// <summary>A new process takes over, then the old one is told to stop.</summary>
    /// <returns>What was wrong with the old one's end; null: nothing.</returns>
    public async Task<string?> RollOverAsync()
    {
        var old = _process!;
        (_process, Address, _managementAddress) = await LaunchAsync();
        var code = await old.StopAsync(NodeProcess.Patience);
        old.Dispose();
        return code switch
        {
            0 => null,
            null => $"gateway {Number} was told to stop and was still running {NodeProcess.Patience.TotalSeconds} s later",
            _ => $"gateway {Number} was told to stop and ended with exit code {code}",
        };
    }

    public void WriteRoutes(RoutesFile variant)
    {
        var file = variant.Build(BackendLink.Port, _store.Name, _store.Section(StoreLink), _options.OperationTimeout, _store.SpoolPath(_folder), Path.Combine(_options.Folder.FullName, "keys"));
        File.WriteAllText(_routes, file);
    }

    /// <summary>Answers that were given and wait for the store; null: it is not ready.</summary>
    public async Task<int?> AnswersWaitingAsync()
    {
        try
        {
            using var answer = await _management.GetAsync(new Uri(_managementAddress!, "/health/ready"));
            return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["store"]!["answersWaiting"]!.GetValue<int>() : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process?.Dispose();
        _management.Dispose();
        await BackendLink.DisposeAsync();
        if (StoreLink is not null)
        {
            await StoreLink.DisposeAsync();
        }
    }

    private async Task<(NodeProcess Process, Uri Address, Uri Management)> LaunchAsync()
    {
        var process = new NodeProcess("dotnet", [_options.Gateway, "--urls", "http://127.0.0.1:0", "--routes", _routes], _folder, _log, ListensOn());
        try
        {
            var match = await process.ReadyAsync();
            return (process, new Uri(match.Groups[1].Value), new Uri(match.Groups[2].Value));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    [GeneratedRegex(@"The gateway listens on (\S+); management on (\S+);")]
    private static partial Regex ListensOn();
}
