using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>Prometheus's own tool, part of Debian's package <c>prometheus</c>.</summary>
internal static class Promtool
{
    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool")));

    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("promtool", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WithinLimit();
        return (process.ExitCode, output + await error);
    }
}

/// <summary>Never skipped in CI.</summary>
public sealed class NeedsPromtoolAttribute : NeedsServerAttribute
{
    public override string? SkipReason =>
        Promtool.IsInstalled || Environment.GetEnvironmentVariable("CI") is "true" ? null : "promtool is not installed (Debian: apt-get install prometheus).";
}
