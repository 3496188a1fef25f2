using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.CrashTest.Site;

/// <summary>The sample backend, with a ledger that outlives it.</summary>
internal sealed partial class BackendNode(CrashOptions options) : IDisposable
{
    private readonly string _ledger = Path.Combine(options.Folder.FullName, "ledger.jsonl");
    private NodeProcess? _process;
    private long _read;

    public int Port { get; } = Ports.Next();

    public async Task StartAsync()
    {
        _process?.Dispose();
        string[] arguments = [options.Backend, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"), "--Ledger:Path", _ledger];
        _process = new NodeProcess("dotnet", arguments, options.Folder.FullName, Path.Combine(options.Folder.FullName, "backend.log"), ListensOn());
        await _process.ReadyAsync();
    }

    public Task KillAsync() => _process!.KillAsync();

    /// <summary>What has been charged since the last time this was asked. The backend must not be dead in the middle of a line.</summary>
    public IReadOnlyList<Charge> ReadLedger()
    {
        using var file = new FileStream(_ledger, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = _read;
        var content = new byte[file.Length - _read];
        file.ReadExactly(content);
        var end = content.AsSpan().LastIndexOf((byte)'\n') + 1;
        _read += end;
        var charges = new List<Charge>();
        foreach (var line in content.AsSpan(0, end).Split((byte)'\n'))
        {
            if (content.AsSpan(line) is { Length: > 0 } text)
            {
                charges.Add(JsonSerializer.Deserialize<Charge>(text, JsonSerializerOptions.Web)!);
            }
        }

        return charges;
    }

    public void Dispose() => _process?.Dispose();

    [GeneratedRegex("Now listening on")]
    private static partial Regex ListensOn();
}

/// <summary>An effect: money that has moved.</summary>
internal sealed record Charge(long Id, string OrderId, decimal Amount, DateTime ChargedAt);
