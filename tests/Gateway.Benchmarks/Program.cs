using BenchmarkDotNet.Running;
using Gateway.Benchmarks.Whole;

namespace Gateway.Benchmarks;

/// <summary>What protection costs: of its parts (BenchmarkDotNet), and of the whole system beside the same without it.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["parts", .. var rest]:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest);
                return Task.FromResult(0);
            case [Servers.Backend, var url]:
                return Servers.RunBackendAsync(url);
            case [Servers.Yarp, var url, var backend]:
                return Servers.RunYarpAsync(url, backend);
            default:
                return Whole.CommandLine.RunAsync(args);
        }
    }
}
