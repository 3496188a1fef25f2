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
    IReadOnlyList<int> RetriesRunAfterStatus);

public sealed record PathSpecification(string Path, IReadOnlyList<string> Methods);

public sealed record KeySpecification(string Header, bool Required, string Format, int MinLength, int MaxLength);

/// <param name="Covers">In words, one part of the request each.</param>
public sealed record FingerprintSpecification(IReadOnlyList<string> Covers);

public sealed record AnswerSpecification(string Code, string Type, IReadOnlyList<int> Statuses, string Title, string When, string Do, bool Retryable);
