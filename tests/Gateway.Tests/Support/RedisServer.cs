using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>A real <c>redis-server</c> on a free port with a folder of its own.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-redis-");
    private readonly string[] _settings;
    private readonly bool _speaksPlainly;
    private Process? _process;

    private RedisServer(string[] settings)
    {
        _settings = [.. settings.Select(setting => setting.Replace("{port}", Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))];
        _speaksPlainly = !settings.Contains("--tls-port") && !settings.Contains("--user");
    }

    public int Port { get; } = FreePort();

    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static bool IsInstalled { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    /// <param name="settings">As on redis-server's command line, <c>{port}</c> for its own; append-only with a sync each second unless given.</param>
    public static async Task<RedisServer> StartAsync(params string[] settings)
    {
        var server = new RedisServer(settings);
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true };
        foreach (var argument in Arguments())
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        await Bounded.UntilAsync(AnswersAsync, answers => answers);
    }

    private string[] Arguments()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        if (_settings is ["--sentinel", .. var lines])
        {
            // A sentinel keeps what it learns in its file: written once, and then its own.
            var file = Path.Combine(_folder.FullName, "sentinel.conf");
            if (!File.Exists(file))
            {
                File.WriteAllLines(file, [$"port {port}", "bind 127.0.0.1", $"dir {_folder.FullName}", .. lines]);
            }

            return [file, "--sentinel"];
        }

        return ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", _folder.FullName, .. _settings];
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync().WithinLimit();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        _folder.Delete(recursive: true);
    }

    /// <summary>It listens, and (where one may ask it plainly) has read its append-only file: until then it answers LOADING.</summary>
    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            if (!_speaksPlainly)
            {
                return true;
            }

            var stream = socket.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[5];
            await stream.ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
