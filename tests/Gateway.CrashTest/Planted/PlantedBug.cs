namespace Gateway.CrashTest.Planted;

/// <summary>A mistake that somebody could make, as a patch: its first line says what, the rest is for <c>git apply</c>.</summary>
internal sealed record PlantedBug(string Name, string What, FileInfo Patch)
{
    private const string Folder = "tests/Gateway.CrashTest/Planted/Bugs";

    public static IReadOnlyList<PlantedBug> All(DirectoryInfo repository) =>
    [
        .. new DirectoryInfo(Path.Combine(repository.FullName, Folder)).EnumerateFiles("*.patch")
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => new PlantedBug(Path.GetFileNameWithoutExtension(file.Name), File.ReadLines(file.FullName).First(), file)),
    ];
}
