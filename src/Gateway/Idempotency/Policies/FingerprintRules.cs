using Gateway.Idempotency.Request;

namespace Gateway.Idempotency.Policies;

/// <summary>How a body is read for comparison. The kind is part of the hash: digests of different kinds never meet.</summary>
internal enum BodyReading
{
    /// <summary>JSON media types as <see cref="Json"/>, <c>multipart/form-data</c> as <see cref="Multipart"/>, anything else as <see cref="Raw"/>.</summary>
    Auto,

    /// <summary>The bytes.</summary>
    Raw,

    /// <summary>The JSON document: member order, white space, escapes and the spelling of numbers do not matter.</summary>
    Json,

    /// <summary><c>multipart/form-data</c>: the parts in their order; the boundary does not matter.</summary>
    Multipart,

    /// <summary><c>application/x-www-form-urlencoded</c>: names and values; escapes and the order of names do not matter. Anything else as <see cref="Raw"/>.</summary>
    Form,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>What makes two requests the same. <c>Policies:{name}:Fingerprint</c>.</summary>
internal sealed class FingerprintRules
{
    public BodyReading Body { get; init; } = BodyReading.Auto;

    /// <summary>The parts of a JSON body that count, and those that do not.</summary>
    public JsonSelection Selection { get; init; } = JsonSelection.Everything;

    /// <summary>Whether the media type counts. Default true.</summary>
    public bool MediaType { get; init; } = true;

    /// <summary>Request headers that count, beside the media type.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Whether the query string counts. Default true.</summary>
    public bool Query { get; init; } = true;
}
