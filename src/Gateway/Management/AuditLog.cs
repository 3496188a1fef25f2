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
    private const int Tail = 1 << 20;

    public const int Shown = 200;

    private readonly AuditFile _file = new(path);

    public string Path => path;

    /// <summary>The latest entries, newest first.</summary>
    public IReadOnlyList<AuditEntry> Latest(int most)
    {
        try
        {
            var lines = Encoding.UTF8.GetString(_file.ReadEnd(Tail)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return [.. lines.Reverse().Select(Read).OfType<AuditEntry>().Take(most)];
        }
        catch (IOException e)
        {
            ManagementLog.AuditUnreadable(logger, e); // what it would tell is missing on the page; changes say so by themselves
            return [];
        }
    }

    /// <summary>What was done with one record, oldest first.</summary>
    public IReadOnlyList<AuditEntry> Of(string recordId) => [.. Latest(int.MaxValue).Where(entry => entry.Record == recordId).Reverse()];

    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(AuditEntry entry)
    {
        entry = entry with { At = time.GetUtcNow() };
        _file.Append(JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web));
        ManagementLog.Audit(logger, OneLine(entry.By), entry.Address, entry.Action, entry.Record, entry.Operation, entry.Result, OneLine(entry.Reason));
    }

    /// <summary>Nobody writes lines of their own into the log.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));

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
