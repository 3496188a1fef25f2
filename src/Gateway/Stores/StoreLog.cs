namespace Gateway.Stores;

internal static partial class StoreLog
{
    [LoggerMessage(1, LogLevel.Error, "The store failed its self-test; the gateway is not ready, and tries again", EventName = "SelfTestFailed")]
    public static partial void SelfTestFailed(ILogger logger, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "Removing expired records failed; it is tried again", EventName = "SweepFailed")]
    public static partial void SweepFailed(ILogger logger, Exception error);

    [LoggerMessage(3, LogLevel.Warning, "The store is Memory: it forgets every record when this process ends, and cannot be shared. For tests and trials only", EventName = "MemoryStoreForgets")]
    public static partial void MemoryStoreForgets(ILogger logger);

    [LoggerMessage(4, LogLevel.Error, "The store fails all the time and is left alone; a probe goes on trying", EventName = "CircuitOpened")]
    public static partial void CircuitOpened(ILogger logger, Exception? error);

    [LoggerMessage(5, LogLevel.Warning, "The store answers again", EventName = "CircuitClosed")]
    public static partial void CircuitClosed(ILogger logger);

    [LoggerMessage(6, LogLevel.Debug, "The store's probe failed", EventName = "ProbeFailed")]
    public static partial void ProbeFailed(ILogger logger, Exception error);

    [LoggerMessage(7, LogLevel.Debug, "Counting the records failed; it is tried again", EventName = "CensusFailed")]
    public static partial void CensusFailed(ILogger logger, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "SQL Server has no index of the open records in the schema {Schema}: all works, and an operator's look for open records goes past every record. src/Gateway/Stores/SqlServer/Scripts/open_index.sql makes it; run it at a quiet time", EventName = "OpenIndexMissing")]
    public static partial void OpenIndexMissing(ILogger logger, string schema, Exception? error);

    [LoggerMessage(9, LogLevel.Warning, "What callers hold cannot be counted: quotas are not kept to for now. Told once", EventName = "QuotaFailed")]
    public static partial void QuotaFailed(ILogger logger, Exception error);
}
