using System.Diagnostics;

namespace Gateway.Tests.Support;

/// <summary>The real program with a verb, run to its end.</summary>
internal sealed record GatewayCommandLine(int ExitCode, string Output, string Error)
{
    public static async Task<GatewayCommandLine> RunAsync(DirectoryInfo folder, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.FullName,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WithinLimit();
        return new GatewayCommandLine(process.ExitCode, await output, await error);
    }
}
