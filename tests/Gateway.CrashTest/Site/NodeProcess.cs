using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.CrashTest.Site;

/// <summary>A real process that can be killed, frozen and told to stop. Its output goes to a file.</summary>
internal sealed class NodeProcess : IDisposable
{
    /// <summary>Far beyond what a start or an orderly end takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Regex? _ready;
    private readonly TaskCompletionSource<Match> _isReady = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="ready">The line that says that it is up.</param>
    public NodeProcess(string program, IEnumerable<string> arguments, string folder, string logFile, Regex? ready = null)
    {
        _ready = ready;
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Hear(e.Data);
        _process.ErrorDataReceived += (_, e) => Hear(e.Data);
        _process.Exited += (_, _) => _isReady.TrySetException(new InvalidOperationException($"{Path.GetFileName(program)} has ended; see {logFile}."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasEnded => _process.HasExited;

    public int Id => _process.Id;

    public Task<Match> ReadyAsync() => _isReady.Task.WaitAsync(Patience);

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    /// <returns>The exit code; null: it has not ended in time.</returns>
    public async Task<int?> StopAsync(TimeSpan patience)
    {
        await SignalAsync("TERM");
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().WaitAsync(Patience);
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            if (_log.BaseStream is not null)
            {
                _log.WriteLine(line);
            }
        }

        if (_ready?.Match(line) is { Success: true } match)
        {
            _isReady.TrySetResult(match);
        }
    }
}
