namespace Gateway.Benchmarks.Whole;

internal sealed record BenchOptions
{
    /// <summary>How often all cases are run, each time in another order.</summary>
    public required int Rounds { get; init; }

    /// <summary>Of one case in one round.</summary>
    public required TimeSpan Slice { get; init; }

    /// <summary>Of each case before the first round: until the JIT compiler has done its work.</summary>
    public required TimeSpan WarmUp { get; init; }

    /// <summary>Part of a case's name; null: all cases.</summary>
    public required string? Only { get; init; }

    /// <summary>Environment variables of the gateways, and of the proxy that they are compared with.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The gateway's assembly; another one than this tree's, to compare with.</summary>
    public required string Gateway { get; init; }

    public required DirectoryInfo Folder { get; init; }

    /// <summary>For a server that is compared with nothing.</summary>
    public static BenchOptions Alone(DirectoryInfo folder) => new()
    {
        Rounds = 0,
        Slice = TimeSpan.Zero,
        WarmUp = TimeSpan.Zero,
        Only = null,
        Environment = new Dictionary<string, string>(),
        Gateway = typeof(Gateway.Program).Assembly.Location,
        Folder = folder,
    };
}
