using Gateway.Stores;

namespace Gateway.Idempotency;

/// <summary>What the core has to say. A key appears only as its record's short digest; bodies and credentials never do.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Begin failed for record {Record} of {Operation}: {Consequence}", EventName = "BeginFailed")]
    public static partial void BeginFailed(ILogger logger, RecordKey record, string operation, string consequence, Exception error);

    [LoggerMessage(2, LogLevel.Error, "The store did not take the answer for record {Record} of {Operation} in time; it goes into the spool, and is tried again", EventName = "CompleteDeferred")]
    public static partial void CompleteDeferred(ILogger logger, RecordKey record, string operation, Exception? error);

    [LoggerMessage(3, LogLevel.Warning, "The claim on record {Record} of {Operation} was lost before its answer came: the answer was given and is not stored", EventName = "ClaimLost")]
    public static partial void ClaimLost(ILogger logger, RecordKey record, string operation);

    [LoggerMessage(4, LogLevel.Warning, "The outcome of record {Record} of {Operation} is unknown ({Reason})", EventName = "OutcomeUnknown")]
    public static partial void OutcomeUnknown(ILogger logger, RecordKey record, string operation, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The lease of record {Record} ran out while its request was running; its outcome counts as unknown until the answer comes", EventName = "LeaseLost")]
    public static partial void LeaseLost(ILogger logger, RecordKey record);

    [LoggerMessage(6, LogLevel.Warning, "The lease of record {Record} could not be renewed; it is tried again", EventName = "RenewFailed")]
    public static partial void RenewFailed(ILogger logger, RecordKey record, Exception error);

    [LoggerMessage(7, LogLevel.Warning, "Shutting down: {Count} forwards did not end in time and are cut off; their outcome is unknown", EventName = "CuttingOff")]
    public static partial void CuttingOff(ILogger logger, int count);

    [LoggerMessage(8, LogLevel.Debug, "Releasing record {Record} failed; it is tried again", EventName = "DeferredReleaseFailed")]
    public static partial void DeferredReleaseFailed(ILogger logger, RecordKey record, Exception error);

    [LoggerMessage(9, LogLevel.Warning, "{Count} releases are waiting for the store, and no more are kept: keys of requests that were never sent may tell of an outcome that is unknown", EventName = "ReleasesDropped")]
    public static partial void ReleasesDropped(ILogger logger, int count);

    [LoggerMessage(10, LogLevel.Critical, "The stored answer of record {Record} of {Operation} cannot be read; it is neither replayed nor run again", EventName = "RecordUnreadable")]
    public static partial void RecordUnreadable(ILogger logger, RecordKey record, string operation, Exception error);

    [LoggerMessage(11, LogLevel.Warning, "Settling record {Record} of {Operation} failed; its lease will run out", EventName = "SettleFailed")]
    public static partial void SettleFailed(ILogger logger, RecordKey record, string operation, Exception error);

    [LoggerMessage(12, LogLevel.Error, "The proxy pipeline threw for record {Record} of {Operation}", EventName = "PipelineFailed")]
    public static partial void PipelineFailed(ILogger logger, RecordKey record, string operation, Exception error);

    [LoggerMessage(13, LogLevel.Information, "The answer of record {Record} has come home: the store has it", EventName = "AnswerStored")]
    public static partial void AnswerStored(ILogger logger, RecordKey record);

    [LoggerMessage(14, LogLevel.Error, "The answer of record {Record} was given to a client and will not be stored: {Reason}", EventName = "AnswerDropped")]
    public static partial void AnswerDropped(ILogger logger, RecordKey record, string reason);

    [LoggerMessage(15, LogLevel.Error, "The answer of record {Record} could not be written to the spool, and waits in memory", EventName = "AnswerNotSpooled")]
    public static partial void AnswerNotSpooled(ILogger logger, RecordKey record, Exception error);

    [LoggerMessage(16, LogLevel.Debug, "The store has not taken the answer of record {Record} from the spool; it is tried again", EventName = "AnswerNotTaken")]
    public static partial void AnswerNotTaken(ILogger logger, RecordKey record, Exception error);

    [LoggerMessage(17, LogLevel.Error, "The spool's file fails; it is tried again, and told once", EventName = "SpoolFailed")]
    public static partial void SpoolFailed(ILogger logger, Exception error);

    [LoggerMessage(18, LogLevel.Warning, "Shutting down: {InFile} answers wait in the spool's file for the next start; {InMemory} were in memory alone and are lost", EventName = "AnswersWait")]
    public static partial void AnswersWait(ILogger logger, int inFile, int inMemory);

    [LoggerMessage(19, LogLevel.Debug, "The store is left alone: no begin for record {Record} of {Operation}; {Consequence}", EventName = "BeginNotTried")]
    public static partial void BeginNotTried(ILogger logger, RecordKey record, string operation, string consequence);

    [LoggerMessage(20, LogLevel.Warning, "Shutting down: {Count} releases were not taken; the keys of requests that were never sent tell of an outcome that is unknown", EventName = "ReleasesLost")]
    public static partial void ReleasesLost(ILogger logger, int count);

    [LoggerMessage(21, LogLevel.Warning, "The store had lost record {Record}, or its lease had run out: it is claimed again while its request runs", EventName = "ClaimedAgain")]
    public static partial void ClaimedAgain(ILogger logger, RecordKey record);

    [LoggerMessage(22, LogLevel.Warning, "The spool's file works again", EventName = "SpoolWorksAgain")]
    public static partial void SpoolWorksAgain(ILogger logger);

    [LoggerMessage(23, LogLevel.Warning, "The spool's file holds {Count} answers for another store; they wait there until it is configured again, or their retention has long ended", EventName = "SpoolOfAnotherStore")]
    public static partial void SpoolOfAnotherStore(ILogger logger, long count);

    [LoggerMessage(24, LogLevel.Error, "The answer of record {Record} of {Operation} waits in the spool and cannot be read now; the request is refused, as it has run", EventName = "WaitingAnswerUnreadable")]
    public static partial void WaitingAnswerUnreadable(ILogger logger, RecordKey record, string operation, Exception error);

    [LoggerMessage(25, LogLevel.Information, "Observe: {Status} (record {Record} of {Operation}); the request is forwarded", EventName = "Observed")]
    public static partial void Observed(ILogger logger, RecordKey record, string operation, string status);

    [LoggerMessage(26, LogLevel.Information, "Record {Record} of {Operation} may be a retry under a new key: the same caller sent the same as record {Before}, {Milliseconds} ms before. {Untold} more since the last such line", EventName = "DuplicateSuspected")]
    public static partial void DuplicateSuspected(ILogger logger, RecordKey record, string operation, RecordKey before, long milliseconds, long untold);

    [LoggerMessage(27, LogLevel.Error, "The answer of record {Record} of {Operation} could not be encrypted: that the request has run is kept, its answer is not", EventName = "AnswerNotEncrypted")]
    public static partial void AnswerNotEncrypted(ILogger logger, RecordKey record, string operation, Exception error);

    [LoggerMessage(28, LogLevel.Warning, "The spool can write nothing: answers that the store does not take wait in memory alone. {Fault}", EventName = "KeyRingUnusable")]
    public static partial void KeyRingUnusable(ILogger logger, string fault);

    [LoggerMessage(32, LogLevel.Warning, "Others than its owner have rights on {Folder}, where the keys lie that answers are encrypted with, in clear. Take the rights away (chmod 700), or name an Idempotency:DataProtection:Certificate", EventName = "KeyFolderOpen")]
    public static partial void KeyFolderOpen(ILogger logger, string folder);

    [LoggerMessage(29, LogLevel.Warning, "Records that requests wait for cannot be looked at; those that end at this gateway are noticed all the same. Told once", EventName = "WatchFailed")]
    public static partial void WatchFailed(ILogger logger, Exception error);

    [LoggerMessage(30, LogLevel.Error, "A request of {Operation} is too large for memory and cannot be kept on the disk (Idempotency:Buffering); it is refused", EventName = "BodyNotBuffered")]
    public static partial void BodyNotBuffered(ILogger logger, string operation, Exception error);

    [LoggerMessage(31, LogLevel.Warning, "Whether a stored answer of {Operation} may be given could not be asked (ReplayAuthorization): {Reason}", EventName = "ReplayNotAuthorized")]
    public static partial void ReplayNotAuthorized(ILogger logger, string operation, string reason, Exception? error);
}
