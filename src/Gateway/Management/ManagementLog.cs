using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gateway.Management;

internal static partial class ManagementLog
{
    [LoggerMessage(1, LogLevel.Warning, "A management call from {Address} to {Path} was refused: its key is missing or wrong", EventName = "ManagementRefused")]
    public static partial void Refused(ILogger logger, IPAddress? address, PathString path);

    [LoggerMessage(2, LogLevel.Warning, "Audit: {By} ({Address}) asked to {Action} record {Record} of {Operation}, {Result}: {Reason}", EventName = "Audit")]
    public static partial void Audit(ILogger logger, string by, string? address, string action, string record, string operation, string result, string reason);

    [LoggerMessage(3, LogLevel.Error, "The audit log cannot be written; the change is refused", EventName = "AuditFailed")]
    public static partial void AuditFailed(ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Error, "The management call to {Path} failed", EventName = "ManagementFailed")]
    public static partial void Failed(ILogger logger, PathString path, Exception error);

    [LoggerMessage(5, LogLevel.Error, "The audit log cannot be read", EventName = "AuditUnreadable")]
    public static partial void AuditUnreadable(ILogger logger, Exception error);
}
