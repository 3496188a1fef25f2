using System.Text.RegularExpressions;

namespace Gateway.Tests.Project;

/// <summary>The arrows between the folders of src/Gateway, read off the source.</summary>
public sealed partial class ArchitectureTests
{
    [Fact]
    public void Only_Proxy_and_the_startup_report_know_YARP() =>
        AssertNone(file => !file.StartsWith("Proxy/", StringComparison.Ordinal) && file != "StartupReport.cs", name => name.StartsWith("Yarp.", StringComparison.Ordinal));

    [Fact]
    public void Idempotency_knows_ASP_NET_Core_and_the_root_of_Stores_and_nothing_else_of_the_gateway() =>
        AssertNone(
            file => file.StartsWith("Idempotency/", StringComparison.Ordinal),
            name => name.StartsWith("Gateway.", StringComparison.Ordinal) && name != "Gateway.Stores" && !name.StartsWith("Gateway.Idempotency", StringComparison.Ordinal));

    [Fact]
    public void A_store_knows_the_root_of_Stores_and_no_HTTP() =>
        AssertNone(
            file => file.StartsWith("Stores/", StringComparison.Ordinal),
            name => (name.StartsWith("Gateway.", StringComparison.Ordinal) && name != "Gateway.Stores") || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    [Fact]
    public void Only_its_own_folder_knows_a_stores_client_library() =>
        Assert.All(
            [("Stores/Sqlite/", "Microsoft.Data.Sqlite"), ("Stores/Redis/", "StackExchange.Redis"), ("Stores/SqlServer/", "Microsoft.Data.SqlClient"), ("Stores/", "Polly")],
            store => AssertNone(file => !file.StartsWith(store.Item1, StringComparison.Ordinal), name => name.StartsWith(store.Item2, StringComparison.Ordinal)));

    [Fact]
    public void Only_the_command_line_knows_the_library_that_reads_it() =>
        AssertNone(file => !file.StartsWith("CommandLine/", StringComparison.Ordinal), name => name.StartsWith("System.CommandLine", StringComparison.Ordinal));

    [Fact]
    public void Only_the_program_knows_its_command_line() =>
        AssertNone(file => !file.StartsWith("CommandLine/", StringComparison.Ordinal) && file != "Program.cs", name => name == "Gateway.CommandLine");

    [Fact]
    public void Nobody_takes_the_time_from_anywhere_but_a_TimeProvider()
    {
        foreach (var (file, text) in Sources())
        {
            Assert.False(MachineClock().IsMatch(text), $"{file} reads the machine's clock.");
        }
    }

    private static void AssertNone(Func<string, bool> file, Func<string, bool> forbidden)
    {
        var looked = 0;
        foreach (var (path, text) in Sources().Where(source => file(source.Path)))
        {
            looked++;
            var names = Using().Matches(text).Select(match => match.Groups[1].Value).Where(forbidden);
            Assert.True(!names.Any(), $"{path} must not know {string.Join(", ", names)}.");
        }

        Assert.NotEqual(0, looked);
    }

    private static IEnumerable<(string Path, string Text)> Sources()
    {
        var root = Path.Combine(Repository.Root.FullName, "src", "Gateway");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(file => !file.StartsWith("obj/", StringComparison.Ordinal) && !file.StartsWith("bin/", StringComparison.Ordinal))
            .Select(file => (file, File.ReadAllText(Path.Combine(root, file))));
    }

    [GeneratedRegex(@"^using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"DateTime(Offset)?\.(Utc)?Now")]
    private static partial Regex MachineClock();
}
