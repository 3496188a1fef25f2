using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>
/// What an operator changes: checked against what this gateway knows, written into the audit log, then made in one atomic step
/// that the store refuses if the record is not what the operator has seen.
/// </summary>
internal sealed class RecordChanges(IStoreInspector inspector, RecordSearch search, RecordDetails details, AuditLog audit, RecordCensus census, StoreLimits limits, TimeProvider time, ILogger<RecordChanges> logger)
{
    private const int MaxText = 1000;

    public async Task<ChangeResult> ResolveAsync(string id, RecordResolution resolution, string? user, string? address)
    {
        switch (resolution.Outcome)
        {
            case "released" when resolution.Answer is not null:
                return ChangeResult.Invalid("A record that is released has no answer: take it away, or say completed.");
            case "released":
                return await ChangeAsync(id, "release", new RecordChange(resolution.Version, resolution.Reason, resolution.By), user, address, record => Resolve(record, answer: null));
            case "completed":
                return GivenAnswers.TryPack(resolution.Answer, time.GetUtcNow(), out var answer) is { } fault
                    ? ChangeResult.Invalid(fault)
                    : await ChangeAsync(id, "complete", new RecordChange(resolution.Version, resolution.Reason, resolution.By), user, address, record => Resolve(record, details.AsStored(record, answer)));
            default:
                return ChangeResult.Invalid("outcome is neither completed nor released.");
        }

        ValueTask<bool> Resolve(StoredRecord record, ReadOnlyMemory<byte>? answer) => inspector.ResolveAsync(record.Key, record.Claim, answer);
    }

    public Task<ChangeResult> DeleteAsync(string id, RecordChange change, string? user, string? address) =>
        ChangeAsync(id, "delete", change, user, address, record => inspector.DeleteAsync(record.Key, record.Claim));

    private async Task<ChangeResult> ChangeAsync(string id, string action, RecordChange change, string? user, string? address, Func<StoredRecord, ValueTask<bool>> make)
    {
        // :: Who and why
        var by = string.IsNullOrWhiteSpace(change.By) ? user : change.By;
        if (string.IsNullOrWhiteSpace(by) || string.IsNullOrWhiteSpace(change.Reason))
        {
            return ChangeResult.Invalid("by and reason are required: they go into the audit log.");
        }

        if (by.Length > MaxText || change.Reason.Length > MaxText)
        {
            return ChangeResult.Invalid($"by and reason have at most {MaxText} characters.");
        }

        // :: The record, as the operator has seen it
        if (await search.FindAsync(id) is not { } record)
        {
            return ChangeResult.NotFound(id);
        }

        if (change.Version != RecordId.VersionOf(record))
        {
            return ChangeResult.Conflict(
                string.IsNullOrEmpty(change.Version) ? "The version is missing" : "The record has changed",
                "Look at the record again, decide, and send the version that it has then.", record);
        }

        if (action != "delete" && record.State != RecordState.Unknown)
        {
            return ChangeResult.Conflict("The record is not unknown", $"It is {RecordView.Name(record.State)}: there is nothing to resolve.", record);
        }

        if (record.State == RecordState.InFlight)
        {
            return ChangeResult.Conflict("The record is in flight", "Its request runs now. Wait for its end, or until its lease has run out.", record);
        }

        if (details.Running(record.Key) is not null)
        {
            return ChangeResult.Conflict("The request still runs at this gateway", "Its lease was lost, and its answer may yet come. Wait for its end.", record);
        }

        if (details.Waits(record.Key))
        {
            return ChangeResult.Conflict("The answer waits for the store", "Its client has it, and it comes home by itself when the store takes it.", record);
        }

        // :: The audit log first: no change without a line
        var entry = new AuditEntry(action, RecordId.Of(record.Key), record.Label.Operation, by.Trim(), address, change.Reason.Trim(), RecordView.Name(record.State), "requested");
        try
        {
            audit.Write(entry);
        }
        catch (IOException e)
        {
            ManagementLog.AuditFailed(logger, e);
            return new ChangeResult(503, "The audit log cannot be written", $"Nothing was changed. Look at {audit.Path}.", record);
        }

        // :: The change
        try
        {
            var isDone = await make(record).AsTask().WaitAsync(limits.Completion, time);
            TryWrite(entry with { Result = isDone ? "done" : "not done" });
            census.CountSoon();
            return isDone
                ? new ChangeResult(200, "", "", record)
                : ChangeResult.Conflict("The record has changed", "It changed in this very moment, and was left alone. Look at it again.", record);
        }
        catch (Exception e)
        {
            TryWrite(entry with { Result = "unknown" });
            return new ChangeResult(503, "The store did not answer", $"Whether the change was made is not known ({e.GetType().Name}). Look at the record again.", record);
        }
    }

    private void TryWrite(AuditEntry entry)
    {
        try
        {
            audit.Write(entry);
        }
        catch (IOException e)
        {
            ManagementLog.AuditFailed(logger, e); // the first line stands, and says what was asked for
        }
    }
}

/// <param name="Status">200: done.</param>
/// <param name="Record">As it was before; null: there is none.</param>
public sealed record ChangeResult(int Status, string Title, string Detail, StoredRecord? Record)
{
    public static ChangeResult Invalid(string detail) => new(400, "The change cannot be read", detail, null);

    public static ChangeResult NotFound(string id) => new(404, "There is no such record", $"No record is called '{(id.Length > 64 ? "…" : id)}', or it was forgotten at the end of its retention.", null);

    public static ChangeResult Conflict(string title, string detail, StoredRecord record) => new(409, title, detail, record);
}
