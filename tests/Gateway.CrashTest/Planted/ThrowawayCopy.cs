using System.Diagnostics;

namespace Gateway.CrashTest.Planted;

/// <summary>The gateway's source with one bug in it, built, in a folder that is deleted afterwards. The product has no switch for bugs.</summary>
internal sealed class ThrowawayCopy : IDisposable
{
    private static readonly string[] NeededToBuild = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-planted-");

    public string Gateway => Path.Combine(_folder.FullName, "out", "Gateway.dll");

    public async Task BuildAsync(DirectoryInfo repository, PlantedBug bug)
    {
        foreach (var file in NeededToBuild)
        {
            File.Copy(Path.Combine(repository.FullName, file), Path.Combine(_folder.FullName, file));
        }

        Copy(new DirectoryInfo(Path.Combine(repository.FullName, "src", "Gateway")), Path.Combine(_folder.FullName, "src", "Gateway"));
        await RunAsync("git", "apply", bug.Patch.FullName);
        await RunAsync("dotnet", "build", Path.Combine("src", "Gateway"), "-o", "out", "--nologo", "-v", "quiet");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles())
        {
            file.CopyTo(Path.Combine(to, file.Name));
        }

        foreach (var folder in from.EnumerateDirectories().Where(folder => folder.Name is not ("bin" or "obj" or "data")))
        {
            Copy(folder, Path.Combine(to, folder.Name));
        }
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await error}");
        }
    }
}
