using System.Diagnostics;

namespace Gateway.Tests.Project;

/// <summary>The crash test's planted bugs are patches: what they change must still be there to be changed.</summary>
public sealed class PlantedBugTests
{
    private const string Folder = "tests/Gateway.CrashTest/Planted/Bugs";

    public static TheoryData<string> Bugs { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root.FullName, Folder), "*.patch").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task A_planted_bug_still_fits_the_source(string bug)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["apply", "--check", Path.Combine(Repository.Root.FullName, Folder, bug)])
        {
            WorkingDirectory = Repository.Root.FullName,
            RedirectStandardError = true,
        })!;
        var complaint = await git.StandardError.ReadToEndAsync();
        await git.WaitForExitAsync();

        Assert.True(git.ExitCode == 0, complaint);
    }
}
