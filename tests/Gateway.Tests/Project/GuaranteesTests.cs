using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Project;

/// <summary><c>docs/guarantees.md</c> tells of the crash test: what it names is there, and what is there it names.</summary>
public sealed partial class GuaranteesTests
{
    private const string Document = "docs/guarantees.md";
    private const string CrashTest = "tests/Gateway.CrashTest";
    private const string BugFolder = $"{CrashTest}/Planted/Bugs";

    public static TheoryData<string> Bugs { get; } = [.. BugNames()];

    [Fact]
    public void The_rules_are_those_of_the_crash_test() =>
        Assert.Equal(
            Rule().Matches(Repository.Read($"{CrashTest}/Rules/Rule.cs")).Select(rule => $"{rule.Groups[2].Value} {rule.Groups[1].Value}"),
            Repository.Rows(Document, "rules").Select(row => $"{row[0]} {row[1]}"));

    [Fact]
    public void The_faults_are_those_of_the_crash_test() =>
        Assert.Equal(
            Fault().Matches(Repository.Read($"{CrashTest}/Faults/FaultKind.cs")).Select(fault => fault.Groups[1].Value),
            Repository.Rows(Document, "crash-faults").Select(row => row[0]));

    [Fact]
    public void The_planted_bugs_are_those_of_the_crash_test() =>
        Assert.Equal(BugNames(), Repository.Rows(Document, "planted").Select(row => row[0]).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task A_planted_bug_still_fits_the_source(string bug)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["apply", "--check", Path.Combine(Repository.Root.FullName, BugFolder, $"{bug}.patch")])
        {
            WorkingDirectory = Repository.Root.FullName,
            RedirectStandardError = true,
        })!;
        var complaint = await git.StandardError.ReadToEndAsync();
        await git.WaitForExitAsync();

        Assert.True(git.ExitCode == 0, complaint);
    }

    private static IEnumerable<string> BugNames() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root.FullName, BugFolder), "*.patch").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^    (\w+) = (\d+),$", RegexOptions.Multiline)]
    private static partial Regex Rule();

    [GeneratedRegex(@"^    (\w+),$", RegexOptions.Multiline)]
    private static partial Regex Fault();
}
