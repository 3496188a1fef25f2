using System.Text.Json.Serialization;

namespace Gateway.Management.Specification;

/// <summary>What clients may know of how this server treats idempotency keys.</summary>
public sealed record SpecificationView(
    string Title,
    [property: JsonPropertyName("specification")] string Draft,
    IReadOnlyList<OperationSpecification> Operations,
    IReadOnlyList<AnswerSpecification> Answers);

/// <param name="Enforced">False: keys are looked at and nothing is refused or replayed yet.</param>
/// <param name="Retention">ISO 8601 duration.</param>
/// <param name="MaxRequestBodySize">Bytes.</param>
/// <param name="OutcomeUnknown">"hold" or "retry".</param>
/// <param name="ErrorFormat">Of the bodies of refusals.</param>
/// <param name="RefusalStatusCodes">By code, those that are not the answer's own.</param>
public sealed record OperationSpecification(
    string Operation,
    bool Enforced,
    IReadOnlyList<PathSpecification> Paths,
    KeySpecification Key,
    IReadOnlyList<string> Callers,
    string Retention,
    long RetentionSeconds,
    FingerprintSpecification Fingerprint,
    int MaxRequestBodySize,
    bool AnswersAreKept,
    string OutcomeUnknown,
    string ErrorFormat,
    IReadOnlyDictionary<string, int> RefusalStatusCodes,
    IReadOnlyList<int> RetriesRunAfterStatus);

public sealed record PathSpecification(string Path, IReadOnlyList<string> Methods);

/// <param name="Aliases">Headers that may carry it instead.</param>
/// <param name="Member">A JSON Pointer to where it may stand in a JSON body; null: not there.</param>
/// <param name="Scope">"operation", or "path": on another path it is another key.</param>
public sealed record KeySpecification(
    string Header, IReadOnlyList<string> Aliases, string? Member, bool Required, string Format, int MinLength, int MaxLength, string Scope);

/// <param name="Covers">In words, one part of the request each.</param>
public sealed record FingerprintSpecification(IReadOnlyList<string> Covers);

public sealed record AnswerSpecification(string Code, string Type, IReadOnlyList<int> Statuses, string Title, string When, string Do, bool Retryable);
