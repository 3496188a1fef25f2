using System.Text;
using Gateway.Idempotency;
using Gateway.Idempotency.Request;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>What the canonicalizer makes of a document, as hex so that a failing comparison can be read.</summary>
internal static class Canonical
{
    /// <returns>Null: refused.</returns>
    public static string? Of(string json) => Of(json, [], []);

    public static string? Of(string json, string[] include, string[] exclude) => Of(Encoding.UTF8.GetBytes(json), Selection(include, exclude));

    public static string? Of(byte[] json) => Of(json, JsonSelection.Everything);

    public static string? Of(byte[] json, JsonSelection selection)
    {
        using var output = PooledBuffer.Rent(16);
        return JsonCanonicalizer.TryWrite(json, selection, output) ? Convert.ToHexStringLower(output.Written) : null;
    }

    public static JsonSelection Selection(string[] include, string[] exclude) => new([.. include.Select(Pointer)], [.. exclude.Select(Pointer)]);

    private static JsonPointer Pointer(string text) =>
        JsonPointer.TryParse(text, out var pointer) ? pointer : throw new ArgumentException($"'{text}' is no pointer.", nameof(text));
}
