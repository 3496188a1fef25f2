using System.Reflection;
using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Gateway.Stores.Sqlite.Spool;

namespace Gateway.Tests.Stores;

/// <summary>The statements are in files of their own, and the files are in the assembly.</summary>
public sealed class ScriptTests
{
    private static readonly Assembly Gateway = typeof(IIdempotencyStore).Assembly;

    private static readonly string[] OnDisk =
        [.. Directory.GetFiles(Stores(), "*.sql", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Stores(), file).Replace('\\', '/')).Order()];

    public static TheoryData<string> Files => [.. OnDisk];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_script_is_embedded_as_it_is_and_says_something(string file)
    {
        using var stream = Gateway.GetManifestResourceStream(ResourceOf(file));
        Assert.True(stream is not null, $"{file} is not embedded");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();

        Assert.Equal(File.ReadAllText(Path.Combine(Stores(), file)), text);
        Assert.NotEmpty(text.Trim());
        Assert.EndsWith(";\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(SqliteScripts), "Sqlite/Scripts")]
    [InlineData(typeof(SpoolScripts), "Sqlite/Spool/Scripts")]
    public void Every_script_of_a_folder_is_used_and_none_twice(Type scripts, string folder)
    {
        var used = scripts.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!).Order();
        var there = Directory.GetFiles(Path.Combine(Stores(), folder), "*.sql").Select(File.ReadAllText).Order();

        Assert.Equal(there, used);
    }

    [Fact]
    public void No_script_is_embedded_that_has_no_file()
    {
        var embedded = Gateway.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal));

        Assert.Equal(OnDisk.Select(ResourceOf).Order(), embedded.Order());
    }

    private static string ResourceOf(string file) => "Gateway.Stores." + file.Replace('/', '.');

    private static string Stores()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return Path.Combine(folder.FullName, "src", "Gateway", "Stores");
            }
        }

        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
