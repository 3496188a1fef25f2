using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.CrashTest.Site;

/// <summary>A real <c>redis-server</c> that syncs each write before it answers, so that killing it loses nothing it has acknowledged.</summary>
internal sealed partial class RedisSite(CrashOptions options) : IStoreSite
{
    private readonly int _port = Ports.Next();
    private NodeProcess? _process;

    public static bool IsInstalled { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    public string Name => "Redis";

    public FaultyLink? Link() => FaultyLink.To("127.0.0.1", _port, Ports.Next());

    public JsonObject Section(FaultyLink? link) => new() { ["Configuration"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{link!.Port}"), ["KeyPrefix"] = "crash:" };

    public string SpoolPath(string gatewayFolder) => Path.Combine(gatewayFolder, "spool.db");

    public async Task StartAsync()
    {
        _process?.Dispose();
        var folder = options.Folder.CreateSubdirectory("redis").FullName;
        string[] arguments = ["--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", folder];
        _process = new NodeProcess("redis-server", arguments, folder, Path.Combine(options.Folder.FullName, "redis.log"), AcceptsConnections());
        await _process.ReadyAsync();
    }

    public Task<IAsyncDisposable>? HangAsync() => FreezeAsync();

    public Task<IAsyncDisposable>? KillAsync() => DieAsync();

    public ValueTask DisposeAsync()
    {
        _process?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<IAsyncDisposable> FreezeAsync()
    {
        await _process!.FreezeAsync();
        return new Cure(_process.ThawAsync);
    }

    private async Task<IAsyncDisposable> DieAsync()
    {
        await _process!.KillAsync();
        return new Cure(StartAsync);
    }

    [GeneratedRegex("Ready to accept connections")]
    private static partial Regex AcceptsConnections();
}
