using System.Globalization;
using System.Text;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// What the gateway costs where it protects nothing: beside plain YARP with the same metrics. Processes that have done nothing else, as one
/// whose memory store has filled up works in colder caches; and several of each, as two of the same program differ by some per cent.
/// </summary>
internal sealed class Idle(BenchOptions options)
{
    private const int Copies = 4;

    public async Task<string> RunAsync()
    {
        using var site = await BenchSite.StartIdleAsync(options, Copies);
        using var comparison = new Comparison(site, Load.Closed, options);
        var yarps = site.Yarps.Select(server => new BenchCase("plain YARP", null, server, "/open/1024", false, false)).ToList();
        var gateways = site.Gateways.Values.Select(server => new BenchCase("the gateway, unprotected route", null, server, "/open/1024", false, false)).ToList();
        await comparison.RunAsync([.. yarps.Zip(gateways).SelectMany(pair => new[] { pair.First, pair.Second })]);

        var table = new StringBuilder("| | requests/s | × YARP | CPU per request | × YARP | allocated |\n|---|---|---|---|---|---|\n");
        foreach (var cases in (List<BenchCase>[])[yarps, gateways])
        {
            string Mean(Func<Sample, double> figure, string format) => Spread.Of(Rounds(cases, figure)).Median.ToString(format, CultureInfo.InvariantCulture);
            string Times(Func<Sample, double> figure) => cases == yarps ? "" : Spread.Of(Rounds(cases, figure).Zip(Rounds(yarps, figure), (own, theirs) => own / theirs)).ToString("0.000");
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {cases[0].Name} | {Mean(sample => sample.Rate, "0")} | {Times(sample => sample.Rate)} | {Mean(sample => sample.Cpu, "0.0")} µs | {Times(sample => sample.Cpu)} | {Mean(sample => sample.Allocated, "0")} B |");
        }

        return table.ToString();

        // Of each round, the mean of all processes.
        IEnumerable<double> Rounds(List<BenchCase> cases, Func<Sample, double> figure) =>
            Enumerable.Range(0, options.Rounds).Select(round => cases.Average(bench => figure(comparison.Samples[bench][round])));
    }
}
