using System.ComponentModel;
using System.Globalization;
using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>A record as the admin API tells of it.</summary>
[Description("A record of one operation, caller and key.")]
public record RecordView(
    [property: Description("32 hexadecimal digits. Logs have the first 16 of them.")] string Id,
    [property: Description("in-flight, completed or unknown, as every reader sees it now.")] string State,
    string Operation,
    [property: Description("The client's key.")] string Key,
    [property: Description("A digest of who asked; the values themselves are not kept.")] string Actor,
    [property: Description("When the key was first seen.")] DateTimeOffset CreatedAt,
    [property: Description("How long its claim counts as alive; only where it is or was in flight.")] DateTimeOffset? LeaseUntil,
    [property: Description("When it was completed or became unknown.")] DateTimeOffset? SettledAt,
    [property: Description("When it is forgotten, if nothing happens to it.")] DateTimeOffset ExpiresAt,
    [property: Description("Stands for the state that you see; a change has to name it.")] string Version)
{
    public static RecordView Of(StoredRecord record) => new(
        RecordId.Of(record.Key),
        Name(record.State),
        record.Label.Operation,
        record.Label.Key,
        record.Label.Actor.ToString("x32", CultureInfo.InvariantCulture),
        record.CreatedAt,
        record.State == RecordState.Completed ? null : record.LeaseUntil,
        record.SettledAt,
        record.ExpiresAt,
        RecordId.VersionOf(record));

    public static string Name(RecordState state) => state switch
    {
        RecordState.InFlight => "in-flight",
        RecordState.Completed => "completed",
        RecordState.Unknown => "unknown",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    public static RecordState? StateNamed(string? name) => name switch
    {
        "in-flight" => RecordState.InFlight,
        "completed" => RecordState.Completed,
        "unknown" => RecordState.Unknown,
        _ => null,
    };
}

public sealed record RecordPageView(
    IReadOnlyList<RecordView> Records,
    [property: Description("For the next page: ?cursor=. Null: that was all. Behind an empty page there may be more.")] string? Next,
    [property: Description("How many records were looked at for this page.")] int Examined);

/// <summary>One record with everything that this gateway knows of it.</summary>
public sealed record RecordDetailsView(
    RecordView Record,
    [property: Description("Only for completed records.")] AnswerView? Answer,
    [property: Description("Why there is no answer to show, if one should be there.")] string? AnswerProblem,
    [property: Description("The request runs at this gateway right now.")] RunningView? Running,
    [property: Description("Its answer was given to a client and waits here for the store.")] bool AnswerWaitsHere,
    IReadOnlyList<MomentView> Timeline,
    [property: Description("What operators did with it by this gateway.")] IReadOnlyList<AuditEntry> Audit);

public sealed record AnswerView(
    int Status,
    string? ReasonPhrase,
    DateTimeOffset CompletedAt,
    [property: Description("False: it has run, and its answer was not kept.")] bool IsRetained,
    IReadOnlyList<HeaderView> Headers,
    IReadOnlyList<HeaderView> Trailers,
    [property: Description("Bytes.")] int BodySize,
    [property: Description("The body in base64: only when asked for (?body=true) and where the policy has ShowBody.")] string? Body,
    [property: Description("Why there is no body.")] string? BodyWithheld);

public sealed record HeaderView(string Name, string Value);

public sealed record RunningView([property: Description("Seconds.")] double Seconds, bool HasLostClient);

/// <summary>One point of a record's life, past or to come.</summary>
public sealed record MomentView(DateTimeOffset At, string What, bool IsToCome);
