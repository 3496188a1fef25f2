namespace Gateway.Tests.Project;

/// <summary>The working tree that these tests were built from.</summary>
internal static class Repository
{
    public static DirectoryInfo Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root.FullName, path));

    private static DirectoryInfo Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Gateway.sln is in no folder above the tests.");
        }

        return folder;
    }
}
