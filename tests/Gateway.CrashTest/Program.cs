namespace Gateway.CrashTest;

/// <summary>Kills, freezes and cuts off real gateways under real load, and checks afterwards that each promise was kept.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => CommandLine.RunAsync(args);
}
