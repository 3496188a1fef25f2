using Gateway.CrashTest.Site;

namespace Gateway.CrashTest;

internal sealed record CrashOptions
{
    public required string Store { get; init; }

    /// <summary>Decides what clients do and which faults come when, and how long. Not who wins a race.</summary>
    public required int Seed { get; init; }

    /// <summary>How long rounds are begun; each is ended properly.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How long faults fall in each round.</summary>
    public required TimeSpan Storm { get; init; }

    public required int Gateways { get; init; }

    public required int Clients { get; init; }

    /// <summary>For files, logs, and the history of what went wrong.</summary>
    public required DirectoryInfo Folder { get; init; }

    /// <summary>Of one call of the store. More where the store is nobody's to choose, and may be far or slow.</summary>
    public TimeSpan OperationTimeout => Store == "SqlServer" ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(1);

    /// <summary>Of one answer: a wait for another request, two calls of the store before the forward, the forward, the answer's completion, the spool.</summary>
    public TimeSpan Bound => RoutesFile.WaitTimeout + (OperationTimeout * 3) + RoutesFile.Deadline + RoutesFile.CompletionTimeout;

    /// <summary>The gateway's assembly.</summary>
    public string Gateway { get; init; } = typeof(Gateway.Program).Assembly.Location;

    /// <summary>The sample backend's assembly.</summary>
    public string Backend { get; } = typeof(SampleBackend.Program).Assembly.Location;

    /// <summary>In memory where that can be: what is killed here are processes, never the machine, and a slow disk would only make it tamer.</summary>
    public static DirectoryInfo NewFolder() =>
        new(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"gateway-crash-{Guid.NewGuid():N}"));
}
