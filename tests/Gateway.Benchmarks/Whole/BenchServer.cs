using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.CrashTest.Site;

namespace Gateway.Benchmarks.Whole;

/// <summary>A process, where it listens, and what it has used.</summary>
internal sealed partial class BenchServer : IDisposable
{
    private readonly NodeProcess _process;

    private BenchServer(string name, NodeProcess process, Uri address, Uri? management) => (Name, _process, Address, Management) = (name, process, address, management);

    public string Name { get; }

    public Uri Address { get; }

    /// <summary>Of a gateway.</summary>
    public Uri? Management { get; }

    /// <summary>User and system time, in microseconds. The kernel counts in hundredths of a second.</summary>
    public double CpuMicroseconds
    {
        get
        {
            // proc(5): behind the name, which may have blanks and ends with the last parenthesis, utime and stime are fields 14 and 15 of all.
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * 10_000.0;
        }
    }

    /// <summary>Bytes: what the process holds of the machine's memory.</summary>
    public long ResidentBytes => long.Parse(Resident().Match(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/status"))).Groups[1].Value, CultureInfo.InvariantCulture) * 1024;

    public static async Task<BenchServer> StartAsync(string name, BenchOptions options, string program, IEnumerable<string> arguments)
    {
        var process = new NodeProcess("env", [.. options.Environment.Select(pair => $"{pair.Key}={pair.Value}"), program, .. arguments], options.Folder.FullName, Path.Combine(options.Folder.FullName, $"{name}.log"), Listens());
        try
        {
            var match = await process.ReadyAsync();
            return new BenchServer(name, process, Local(match.Groups["address"].Value)!, Local(match.Groups["management"].Value));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Without files but its log of writes, which it syncs every second: as a careful operator has it.</summary>
    public static async Task<(BenchServer Server, string Configuration)> StartRedisAsync(BenchOptions options, string appendOnly = "yes")
    {
        var port = Ports.Next().ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", appendOnly, "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--dir", options.Folder.FullName,
        ];
        return (await StartAsync("redis", options, "redis-server", arguments), $"127.0.0.1:{port}");
    }

    /// <summary>Bytes that were ever allocated; NaN: it does not tell.</summary>
    public async Task<double> AllocatedBytesAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri(Management ?? Address, "/metrics"));
        return answer.IsSuccessStatusCode ? double.Parse(Allocated().Match(await answer.Content.ReadAsStringAsync()).Groups[1].Value, CultureInfo.InvariantCulture) : double.NaN;
    }

    public void Dispose() => _process.Dispose();

    private static Uri? Local(string address) => address.Length == 0 ? null : new Uri(address);

    [GeneratedRegex(@"(The gateway listens on (?<address>http://[^ ,;]+).*management on (?<management>http://[^;]+);)|(Now listening on: (?<address>http://\S+))|Ready to accept (?<address>)connections")]
    private static partial Regex Listens();

    [GeneratedRegex(@"^dotnet_gc_heap_total_allocated_bytes_total(?:\{[^}]*\})? (\S+)", RegexOptions.Multiline)]
    private static partial Regex Allocated();

    [GeneratedRegex(@"VmRSS:\s+(\d+) kB")]
    private static partial Regex Resident();
}
