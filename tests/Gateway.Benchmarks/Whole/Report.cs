using System.Globalization;
using System.Text;

namespace Gateway.Benchmarks.Whole;

/// <summary>The figures as a table of Markdown. Ratios are medians of the rounds' own ratios, so that a slow minute of the machine is in both of their parts.</summary>
internal static class Report
{
    public static string Of(Comparison comparison, string title)
    {
        var samples = comparison.Samples;
        var isPaced = comparison.Load.PauseTo > 0;
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"**{title}, {comparison.Load.Name}**").AppendLine();
        table.AppendLine(isPaced
            ? "| | p50 | added p50 | p99 | added p99 | CPU per request | × unprotected |\n|---|---|---|---|---|---|---|"
            : "| | requests/s | × unprotected | CPU per request | × unprotected | of Redis | allocated |\n|---|---|---|---|---|---|---|");
        foreach (var (bench, own) in samples)
        {
            var against = samples.Where(pair => pair.Key.Name == bench.Base).Select(pair => pair.Value).SingleOrDefault();
            string Times(Func<Sample, double> figure) => against is null ? "" : Ratio(own, against, figure).ToString("0.00");
            string More(Func<Sample, double> figure, double unit, string format) => against is null ? "" : Added(own, against, sample => figure(sample) / unit).ToString(format);
            string Median(Func<Sample, double> figure, string format) => Spread.Of(own.Select(figure)).Median.ToString(format, CultureInfo.InvariantCulture);
            var isRedis = bench.Name.StartsWith("Redis", StringComparison.Ordinal) && bench.IsProtected;
            string[] cells = isPaced
                ?
                [
                    bench.Name, $"{Median(sample => sample.P50, "0")} µs", More(sample => sample.P50, 1, "0"), $"{Median(sample => sample.P99 / 1000, "0.00")} ms", More(sample => sample.P99, 1000, "0.00"),
                    $"{Median(sample => sample.Cpu, "0.0")} µs", Times(sample => sample.Cpu),
                ]
                :
                [
                    bench.Name, Median(sample => sample.Rate, "0"), Times(sample => sample.Rate), $"{Median(sample => sample.Cpu, "0.0")} µs", Times(sample => sample.Cpu),
                    isRedis ? $"{Median(sample => sample.RedisCpu, "0.0")} µs" : "", double.IsNaN(own[0].Allocated) ? "" : $"{Median(sample => sample.Allocated, "0")} B",
                ];
            table.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |");
        }

        return table.ToString();
    }

    /// <summary>What a reader wants to know first: of each store, new keys and replays, against the same gateway without protection.</summary>
    public static string Summary(Comparison closed, Comparison? paced)
    {
        var table = new StringBuilder("| | requests/s | CPU per request | added p50 at 2 000/s |\n|---|---|---|---|\n");
        foreach (var (bench, own) in closed.Samples.Where(pair => pair.Key.IsProtected))
        {
            var against = closed.Samples.Single(pair => pair.Key.Name == bench.Base).Value;
            var added = paced is null ? "" : string.Create(
                CultureInfo.InvariantCulture, $"{Added(Of(paced, bench.Name), Of(paced, bench.Base!), sample => sample.P50).Median:0} µs");
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {bench.Name} | × {Ratio(own, against, sample => sample.Rate).Median:0.00} | × {Ratio(own, against, sample => sample.Cpu).Median:0.00} | {added} |");
        }

        return table.ToString();

        static List<Sample> Of(Comparison comparison, string name) => comparison.Samples.Single(pair => pair.Key.Name == name).Value;
    }

    /// <summary>Round by round.</summary>
    private static Spread Ratio(List<Sample> own, List<Sample> against, Func<Sample, double> figure) => Spread.Of(own.Zip(against, (mine, theirs) => figure(mine) / figure(theirs)));

    private static Spread Added(List<Sample> own, List<Sample> against, Func<Sample, double> figure) => Spread.Of(own.Zip(against, (mine, theirs) => figure(mine) - figure(theirs)));
}
