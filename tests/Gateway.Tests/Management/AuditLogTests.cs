using System.Text.Json.Nodes;
using Gateway.Management;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Management;

/// <summary>Who changed what, when and why: no line, no change.</summary>
public sealed class AuditLogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    private string FilePath => Path.Combine(_folder.FullName, "data", "audit.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_change_is_two_lines_what_was_asked_for_and_what_became_of_it()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 200 }));
        using var deleted = await stuck.Admin.DeleteAsync(await stuck.RecordAsync());
        await deleted.ShouldBeAsync(204);

        var lines = stuck.Audit();

        Assert.Equal(
            [("complete", "unknown", "requested"), ("complete", "unknown", "done"), ("delete", "completed", "requested"), ("delete", "completed", "done")],
            lines.Select(line => ((string)line["action"]!, (string)line["before"]!, (string)line["result"]!)));
        Assert.All(lines, line =>
        {
            Assert.Equal(((string?)record["id"], "pay", "ann", "127.0.0.1"), ((string?)line["record"], (string?)line["operation"], (string?)line["by"], (string?)line["address"]));
            Assert.NotNull(line["at"]);
        });
        var told = (await stuck.Admin.ReadAsync("/admin/audit")).AsArray();
        Assert.Equal(lines.Reverse().Select(line => line.ToJsonString()), told.Select(line => line!.ToJsonString()));
    }

    [Fact]
    public async Task The_line_stands_before_the_change_is_made()
    {
        FaultyInspector inspector = null!;
        await using var stuck = await StuckKey.StartAsync(configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>())));
        var seen = new List<string>();
        inspector.Before = call =>
        {
            if (call is "resolve" or "delete")
            {
                seen.Add($"{call}: {string.Join(", ", stuck.Audit().Select(line => line["result"]))}");
            }

            return Task.CompletedTask;
        };
        var record = await stuck.RecordAsync();
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 200 }));
        using var deleted = await stuck.Admin.DeleteAsync(await stuck.RecordAsync());
        Assert.Equal(["resolve: requested", "delete: requested, done, requested"], seen);
    }

    [Fact]
    public async Task Where_it_cannot_be_written_nothing_is_changed()
    {
        await using var stuck = await StuckKey.StartAsync();
        Directory.CreateDirectory(stuck.AuditPath); // in the file's place: nobody can write there, root neither
        var record = await stuck.RecordAsync();

        using var released = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        await released.ShouldBeProblemAsync(503, "The audit log cannot be written. Nothing was changed.");
        using var deleted = await stuck.Admin.DeleteAsync(record);
        await deleted.ShouldBeProblemAsync(503, "The audit log cannot be written");

        Assert.Equal("unknown", await stuck.Admin.StateAsync());
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        await retry.ShouldBeAsync(409, "outcome-unknown");
        Assert.Contains(stuck.Gateway.Log.Entries, entry => entry.Event == "AuditFailed" && entry.Level == LogLevel.Error);
        Assert.Equal(200, (int)(await stuck.Admin.Client.GetAsync("/console/audit")).StatusCode);
    }

    [Theory]
    [InlineData("two\nlines\r\nthree")]
    [InlineData("\u0000\u0001\u001b[31m\u007f\u0085\u2028\u2029")]
    [InlineData("\"} {\"action\":\"delete\",\"by\":\"bob\"")]
    [InlineData("\u202Egnitset")]
    [InlineData("<script>alert(1)</script>")]
    public async Task Whatever_the_reason_is_made_of_it_stays_one_line_in_the_file_and_in_the_log(string reason)
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        var call = Admin.Released(record);
        (call["reason"], call["by"]) = ($"x{reason}x", $"y{reason}y");
        using var released = await stuck.Admin.ResolveAsync(record, call);
        await released.ShouldBeAsync(204);
        Assert.Equal(2, stuck.Audit().Count);
        Assert.All(stuck.Audit(), line => Assert.Equal(($"x{reason}x", $"y{reason}y"), ((string?)line["reason"], (string?)line["by"])));
        var logged = stuck.Gateway.Log.Entries.Where(entry => entry.Event == "Audit").ToList();
        Assert.Equal(2, logged.Count);
        Assert.All(logged, entry => Assert.DoesNotContain(entry.Message, char.IsControl));
    }

    [Fact]
    public void A_line_that_a_crash_has_cut_takes_no_other_with_it()
    {
        var log = Open();
        log.Write(Entry("first"));
        File.AppendAllText(FilePath, """{"action":"delete","rec""");
        log.Write(Entry("second"));
        Assert.Equal(["second", "first"], log.Latest(10).Select(entry => entry.Reason));
        Assert.Equal(3, File.ReadAllLines(FilePath).Length);
    }

    [Fact]
    public async Task Gateways_that_share_the_file_do_not_write_over_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(gateway => Task.Run(() =>
        {
            var log = Open();
            for (var i = 0; i < 25; i++)
            {
                log.Write(Entry($"{gateway}/{i}"));
                Assert.Contains(log.Latest(100), entry => entry.Reason == $"{gateway}/{i}");
            }
        })));
        Assert.Equal(100, Open().Latest(1000).Select(entry => entry.Reason).Distinct().Count());
    }

    [Fact]
    public async Task A_line_waits_for_whoever_has_the_file_and_is_refused_rather_than_written_over_another()
    {
        var log = Open();
        log.Write(Entry("first"));
        var other = new FileStream(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        Assert.Throws<IOException>(() => log.Write(Entry("refused")));

        var waiting = Task.Run(() => log.Write(Entry("second")));
        await other.DisposeAsync();
        await waiting.WithinLimit();
        Assert.Equal(["second", "first"], log.Latest(10).Select(entry => entry.Reason));
    }

    [Fact]
    public void Of_a_long_file_the_end_is_read()
    {
        var log = Open();
        log.Write(Entry("first"));
        var filler = new string('x', 1000);
        using (var writer = File.AppendText(FilePath))
        {
            for (var i = 0; i < 1100; i++)
            {
                writer.WriteLine(System.Text.Json.JsonSerializer.Serialize(Entry($"{i} {filler}"), System.Text.Json.JsonSerializerOptions.Web));
            }
        }

        log.Write(Entry("last"));
        var latest = log.Latest(int.MaxValue);
        Assert.Equal("last", latest[0].Reason);
        Assert.InRange(latest.Count, 700, 1100);
        Assert.DoesNotContain(latest, entry => entry.Reason == "first");
        Assert.Equal(7, log.Latest(7).Count);
    }

    [Fact]
    public void None_was_written_yet_and_an_empty_file_are_no_entries()
    {
        Assert.Empty(Open().Latest(10));
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, "");
        Assert.Empty(Open().Latest(10));
    }

    [Fact]
    public void Only_its_owner_reads_the_file()
    {
        if (!OperatingSystem.IsWindows())
        {
            Open().Write(Entry("x"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    private AuditLog Open() => new(FilePath, new FakeTimeProvider(), NullLogger<AuditLog>.Instance);

    private static AuditEntry Entry(string reason) => new("release", new string('a', 32), "pay", "ann", "127.0.0.1", reason, "unknown", "done");
}
