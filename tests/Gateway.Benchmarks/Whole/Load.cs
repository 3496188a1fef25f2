using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Benchmarks.Whole;

/// <summary>How clients call: so many connections, each sending its next request when it has its answer, after a pause.</summary>
internal sealed record Load(string Name, int Threads, int Connections, int PauseFrom, int PauseTo)
{
    public static readonly Load Closed = new("64 connections", 2, 64, 0, 0);

    /// <summary>What stores the answers that are replayed then: with more connections a key comes again while its first request still runs, and is refused, as it should be.</summary>
    public static readonly Load OneByOne = new("one by one", 2, 2, 0, 0);

    /// <summary>About 2 000 requests a second: neither core is busy, so what a request takes is not what it waits for others.</summary>
    public static readonly Load Paced = new("about 2 000 requests/s", 1, 16, 4, 12);
}

/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
internal sealed record LoadResult(long Requests, TimeSpan Duration, double P50, double P99)
{
    public double Rate => Requests / Duration.TotalSeconds;
}

/// <summary>Debian's <c>wrk</c>: a generator that takes little of the two cores that all share.</summary>
internal static partial class Wrk
{
    private static int _runs;

    /// <param name="fewKeys">The same 64 keys per thread; else another one for each request.</param>
    public static async Task<LoadResult> RunAsync(Load load, Uri server, string path, bool fewKeys, TimeSpan duration)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Interlocked.Increment(ref _runs)}");
        string[] arguments =
        [
            $"-t{load.Threads}", $"-c{load.Connections}", string.Create(CultureInfo.InvariantCulture, $"-d{(int)duration.TotalSeconds}s"), "-s", Path.Combine(AppContext.BaseDirectory, "Whole", "load.lua"),
            server.ToString(), "--", path, fewKeys ? "few" : "new", run, load.PauseFrom.ToString(CultureInfo.InvariantCulture), load.PauseTo.ToString(CultureInfo.InvariantCulture),
        ];
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (Result().Match(output) is not { Success: true } match)
        {
            throw new InvalidOperationException($"wrk said: {output}");
        }

        var figures = match.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture)).ToArray();
        return figures is [var requests, var microseconds, var p50, var p99, 0, 0]
            ? new LoadResult((long)requests, TimeSpan.FromMicroseconds(microseconds), p50, p99)
            : throw new InvalidOperationException($"Connections broke, or not every answer was right, under {server}{path}: {output}");
    }

    [GeneratedRegex(@"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)")]
    private static partial Regex Result();
}
