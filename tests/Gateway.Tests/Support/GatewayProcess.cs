using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Support;

/// <summary>The real program in a process of its own: for signals, exit codes, and the end of everything in between.</summary>
internal sealed partial class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<(Uri Address, Uri Management)> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GatewayProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Hear(e.Data);
        _process.ErrorDataReceived += (_, e) => Hear(e.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("The gateway has ended."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public HttpClient Client { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    public Uri Management { get; private set; } = null!;

    public int Id => _process.Id;

    public static GatewayProcess Launch(string routesPath, params string[] args) => Launch(routesPath, [], args);

    public static GatewayProcess Launch(string routesPath, IEnumerable<KeyValuePair<string, string>> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(routesPath)!,
        };
        foreach (var argument in (string[])[typeof(Program).Assembly.Location, "--urls", "http://127.0.0.1:0", "--routes", routesPath, .. args])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new GatewayProcess(start);
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static Task<GatewayProcess> StartAsync(string routesPath, params string[] args) => StartAsync(routesPath, [], args);

    public static async Task<GatewayProcess> StartAsync(string routesPath, IEnumerable<KeyValuePair<string, string>> environment, params string[] args)
    {
        var gateway = Launch(routesPath, environment, args);
        try
        {
            (gateway.Address, gateway.Management) = await gateway._listening.Task.WithinLimit();
            gateway.Client = new HttpClient { BaseAddress = gateway.Address, Timeout = Bounded.Limit };
            using var probe = new HttpClient();
            using var ready = await Bounded.UntilAsync(() => probe.GetAsync(new Uri(gateway.Management, "/health/ready")), answer => answer.IsSuccessStatusCode);
            return gateway;
        }
        catch (Exception e)
        {
            await gateway.DisposeAsync();
            throw new InvalidOperationException($"The gateway did not start:\n{gateway.Output}", e);
        }
    }

    public static string WriteRoutes(DirectoryInfo folder, JsonObject routes)
    {
        var path = Path.Combine(folder.FullName, "routes.json");
        File.WriteAllText(path, routes.ToJsonString());
        return path;
    }

    /// <summary>Until so many of its requests wait for another one.</summary>
    public async Task WaitingAsync(int requests)
    {
        using var management = new HttpClient { BaseAddress = Management };
        await Bounded.UntilAsync(
            () => management.GetStringAsync(new Uri("/metrics", UriKind.Relative)),
            metrics => Waiting().Match(metrics) is { Success: true } waiting && int.Parse(waiting.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) == requests);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WithinLimit();
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().WithinLimit();
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WithinLimit();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (ListensOn().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult((new Uri(match.Groups[1].Value), new Uri(match.Groups[2].Value)));
        }
    }

    [GeneratedRegex(@"^gateway_idempotency_requests_waiting(?:\{[^}]*\})? (\d+)", RegexOptions.Multiline)]
    private static partial Regex Waiting();

    [GeneratedRegex(@"The gateway listens on (\S+); management on (\S+);")]
    private static partial Regex ListensOn();
}
