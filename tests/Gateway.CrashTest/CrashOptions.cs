namespace Gateway.CrashTest;

/// <param name="Seed">Decides what clients do and which faults come when, and how long. Not who wins a race.</param>
/// <param name="Duration">How long rounds are begun; each is ended properly.</param>
/// <param name="Storm">How long faults fall in each round.</param>
/// <param name="Gateway">The gateway's assembly.</param>
/// <param name="Backend">The sample backend's assembly.</param>
/// <param name="Folder">For files, logs, and the history of what went wrong.</param>
internal sealed record CrashOptions(
    string Store, int Seed, TimeSpan Duration, TimeSpan Storm, int Gateways, int Clients, string Gateway, string Backend, DirectoryInfo Folder);
