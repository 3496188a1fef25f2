using System.ComponentModel;

namespace Gateway.Management.Records;

/// <summary>What an operator decides about a record.</summary>
internal sealed record RecordChange(
    [property: Description("The version of the record that you looked at.")] string? Version,
    [property: Description("Why, for the audit log.")] string? Reason,
    [property: Description("Who you are; with Basic authentication its user, unless given.")] string? By = null);

internal sealed record RecordResolution(
    [property: Description("completed: it took effect, and this is its answer. released: it did not, and the next request with its key runs.")] string? Outcome,
    [property: Description("The version of the record that you looked at.")] string? Version,
    [property: Description("Why, for the audit log.")] string? Reason,
    [property: Description("Who you are; with Basic authentication its user, unless given.")] string? By = null,
    [property: Description("For completed: what every retry gets.")] GivenAnswer? Answer = null);

internal sealed record GivenAnswer(
    [property: Description("200 to 599.")] int Status,
    [property: Description("Header lines by name.")] Dictionary<string, string[]>? Headers = null,
    [property: Description("The body as text (UTF-8).")] string? Body = null,
    [property: Description("Or the body in base64.")] string? BodyBase64 = null);
