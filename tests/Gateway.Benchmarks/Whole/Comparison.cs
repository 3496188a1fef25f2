using System.Globalization;
using System.Net;

namespace Gateway.Benchmarks.Whole;

/// <param name="Base">The name of the case that it is compared with.</param>
/// <param name="FewKeys">Replays, once each key is known.</param>
internal sealed record BenchCase(string Name, string? Base, BenchServer Server, string Path, bool FewKeys, bool IsProtected);

/// <param name="Cpu">Microseconds of the server per request.</param>
/// <param name="RedisCpu">The same, of Redis.</param>
/// <param name="Allocated">Bytes per request; NaN: not known.</param>
internal sealed record Sample(double Rate, double P50, double P99, double Cpu, double RedisCpu, double Allocated);

/// <summary>Cases that are run side by side: slice after slice, round after round, each round in another order. What the machine does meanwhile happens to all of them.</summary>
internal sealed class Comparison(BenchSite site, Load load, BenchOptions options) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    public Load Load => load;

    public Dictionary<BenchCase, List<Sample>> Samples { get; } = [];

    public static IEnumerable<BenchCase> Cases(BenchSite site, int size)
    {
        var answer = size.ToString(CultureInfo.InvariantCulture);
        yield return new BenchCase("backend alone", null, site.Backend, $"/open/{answer}", false, false);
        yield return new BenchCase("YARP alone", "Memory, unprotected", site.Yarp, $"/open/{answer}", false, false);
        foreach (var (store, gateway) in site.Gateways)
        {
            var open = $"{store}, unprotected";
            yield return new BenchCase(open, null, gateway, $"/open/{answer}", false, false);
            yield return new BenchCase($"{store}, new keys", open, gateway, $"/pay/{answer}", false, true);
            yield return new BenchCase($"{store}, replays", open, gateway, $"/pay/{answer}", true, true);
        }
    }

    public async Task RunAsync(IReadOnlyList<BenchCase> cases)
    {
        foreach (var server in cases.Where(bench => bench.IsProtected).DistinctBy(bench => bench.Server))
        {
            await RequireRightAnswersAsync(server);
        }

        foreach (var bench in cases)
        {
            Samples[bench] = [];
            if (bench.FewKeys)
            {
                await Wrk.RunAsync(Load.OneByOne, bench.Server.Address, bench.Path, true, TimeSpan.FromSeconds(1));
            }

            await Wrk.RunAsync(load, bench.Server.Address, bench.Path, bench.FewKeys, options.WarmUp);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            var order = Enumerable.Range(0, cases.Count).Select(i => cases[(i + (round * 3)) % cases.Count]);
            foreach (var bench in round % 2 == 0 ? order : order.Reverse())
            {
                Samples[bench].Add(await MeasureAsync(bench));
            }

            Console.Error.WriteLine($"{load.Name}: round {round + 1} of {options.Rounds}");
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<Sample> MeasureAsync(BenchCase bench)
    {
        var runs = await QuietAsync();
        var allocated = await bench.Server.AllocatedBytesAsync(_client);
        var (cpu, redis) = (bench.Server.CpuMicroseconds, site.Redis.CpuMicroseconds);
        var result = await Wrk.RunAsync(load, bench.Server.Address, bench.Path, bench.FewKeys, options.Slice);
        (cpu, redis) = (bench.Server.CpuMicroseconds - cpu, site.Redis.CpuMicroseconds - redis);
        allocated = await bench.Server.AllocatedBytesAsync(_client) - allocated;
        runs = await RunsAsync() - runs;
        var expected = bench.FewKeys ? 0 : result.Requests;
        if (runs < expected || runs > expected + (bench.FewKeys ? 0 : load.Connections))
        {
            throw new InvalidOperationException($"{bench.Name}: {result.Requests} answers came of {runs} runs.");
        }

        return new Sample(result.Rate, result.P50, result.P99, cpu / result.Requests, redis / result.Requests, allocated / result.Requests);
    }

    /// <summary>What is fast and wrong is not measured: one run, its replay byte for byte, and a refusal for another body.</summary>
    private async Task RequireRightAnswersAsync(BenchCase bench)
    {
        var key = $"\"right-{Guid.NewGuid():N}\"";
        var before = await RunsAsync();
        var first = await SendAsync(bench, key, "{}");
        var retry = await SendAsync(bench, key, "{ }");
        var other = await SendAsync(bench, key, "[]");
        var size = int.Parse(bench.Path.Split('/')[^1], CultureInfo.InvariantCulture);
        if (first is not (HttpStatusCode.Created, false, { } body) || !body.AsSpan().SequenceEqual(Answers.Of(size))
            || retry is not (HttpStatusCode.Created, true, { } again) || !again.AsSpan().SequenceEqual(body)
            || other.Status != HttpStatusCode.UnprocessableEntity
            || await RunsAsync() != before + 1)
        {
            throw new InvalidOperationException($"{bench.Server.Name} does not answer as it should: {first.Status}, {retry.Status}, {other.Status}.");
        }
    }

    private async Task<(HttpStatusCode Status, bool IsReplay, byte[] Body)> SendAsync(BenchCase bench, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(bench.Server.Address, bench.Path)) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", key);
        using var answer = await _client.SendAsync(request);
        return (answer.StatusCode, answer.Headers.Contains("Idempotent-Replayed"), await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>What the slice before has left on its way runs to its end, with or without a client.</summary>
    private async Task<long> QuietAsync()
    {
        var runs = await RunsAsync();
        for (var same = 0; same < 10;)
        {
            await Task.Delay(50);
            var now = await RunsAsync();
            (same, runs) = (now == runs ? same + 1 : 0, now);
        }

        return runs;
    }

    private async Task<long> RunsAsync() => long.Parse(await _client.GetStringAsync(new Uri(site.Backend.Address, "/runs")), CultureInfo.InvariantCulture);
}
