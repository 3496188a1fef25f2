namespace Gateway.CommandLine;

/// <summary>What every command tells by its exit code.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The gateway cannot start, the configuration has faults, a gateway is not ready.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong: nothing was done.</summary>
    public const int Usage = 2;

    public const string Help = "Exit codes: 0 success; 1 failure (faults in the configuration, a gateway that is not ready or cannot start); 2 a wrong command line.";
}
