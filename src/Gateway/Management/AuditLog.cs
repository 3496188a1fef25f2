using System.ComponentModel;
using System.Text;
using System.Text.Json;

namespace Gateway.Management;

/// <summary>
/// Who changed which record when and why: a line of JSON for each, appended and synced before the change is made, and one more
/// with what became of it. No line, no change.
/// </summary>
internal sealed class AuditLog(string path, TimeProvider time, ILogger<AuditLog> logger)
{
    /// <summary>How much of the end of the file is read for people.</summary>
    private const int TailSize = 1 << 20;

    public const int Shown = 200;

    private readonly Lock _gate = new();

    public string Path => path;

    /// <summary>The latest entries, newest first.</summary>
    public IReadOnlyList<AuditEntry> Latest(int most)
    {
        byte[] tail;
        bool isCut;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            isCut = file.Length > TailSize;
            file.Seek(-Math.Min(TailSize, file.Length), SeekOrigin.End);
            tail = new byte[file.Length - file.Position];
            tail = tail[..file.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // none was written yet
        }

        var lines = Encoding.UTF8.GetString(tail).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Skip(isCut ? 1 : 0).Reverse().Select(Read).OfType<AuditEntry>().Take(most)];
    }

    /// <summary>What was done with one record, oldest first.</summary>
    public IReadOnlyList<AuditEntry> Of(string recordId) => [.. Latest(int.MaxValue).Where(entry => entry.Record == recordId).Reverse()];

    /// <exception cref="IOException">It could not be written.</exception>
    public AuditEntry Write(AuditEntry entry)
    {
        entry = entry with { At = time.GetUtcNow() };
        var line = JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web);
        try
        {
            lock (_gate)
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
                var options = new FileStreamOptions
                {
                    Mode = FileMode.Append,
                    Access = FileAccess.Write,
                    Share = FileShare.ReadWrite, // gateways on one machine may share it
                    BufferSize = 0,
                };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using var file = new FileStream(path, options);
                file.Write([.. line, (byte)'\n']);
                file.Flush(flushToDisk: true);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        ManagementLog.Audit(logger, entry.By, entry.Address, entry.Action, entry.Record, entry.Operation, entry.Result, entry.Reason);
        return entry;
    }

    private static AuditEntry? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditEntry>(line, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null; // cut by a crash: its change was not made
        }
    }
}

[Description("One line of the audit log.")]
public sealed record AuditEntry(
    [property: Description("complete, release or delete")] string Action,
    [property: Description("The record's id.")] string Record,
    string Operation,
    [property: Description("Who.")] string By,
    [property: Description("From which address.")] string? Address,
    [property: Description("Why.")] string Reason,
    [property: Description("The state before.")] string Before,
    [property: Description("requested, then done, not done (the record had changed meanwhile) or unknown (the store did not answer)")] string Result)
{
    [Description("When, UTC.")]
    public DateTimeOffset At { get; init; }
}
