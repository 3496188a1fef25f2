namespace Gateway.Tests.Project;

/// <summary>The working tree that these tests were built from.</summary>
internal static class Repository
{
    public static DirectoryInfo Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root.FullName, path));

    /// <summary>The rows of a table that stands behind a comment with its name, cells without their back ticks.</summary>
    public static List<string[]> Rows(string path, string table)
    {
        var lines = Read(path).Split('\n');
        var start = Array.IndexOf(lines, $"<!-- {table} -->");
        Assert.True(start >= 0, $"{path} has no table {table}.");
        return [.. lines.Skip(start + 3).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim().Replace("`", "", StringComparison.Ordinal)).ToArray())];
    }

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
