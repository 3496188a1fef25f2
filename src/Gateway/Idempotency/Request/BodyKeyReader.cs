using System.Text.Json;
using Gateway.Idempotency.Policies;

namespace Gateway.Idempotency.Request;

/// <summary>Reads a key that stands in a JSON body, as Square's <c>idempotency_key</c> does.</summary>
internal static class BodyKeyReader
{
    public static KeyReading Read(string? contentType, ReadOnlySpan<byte> body, KeyRules rules)
    {
        if (!MediaType.IsJson(contentType))
        {
            return default;
        }

        try
        {
            // All of the document is read: what stands behind the key may be a second one.
            var json = new Utf8JsonReader(body);
            json.Read();
            return Find(ref json, rules.Member!.Segments, 0, rules) is { } found && !json.Read() ? found : default;
        }
        catch (JsonException)
        {
            return default; // no JSON, no member
        }
    }

    /// <param name="json">On the first token of a value; afterwards on its last.</param>
    private static KeyReading? Find(ref Utf8JsonReader json, IReadOnlyList<string> segments, int depth, KeyRules rules)
    {
        if (depth == segments.Count)
        {
            return Value(ref json, rules);
        }

        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return default(KeyReading);
        }

        KeyReading? found = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = json.ValueTextEquals(segments[depth]);
            json.Read();
            if (!isIt)
            {
                json.Skip();
            }
            else if (Find(ref json, segments, depth + 1, rules) is var one)
            {
                // Readers of JSON differ in which of two they take: the backend's may be the other one.
                found = found is null ? one : KeyReading.Broken($"the member {rules.Member} stands there twice");
            }
        }

        return found ?? default(KeyReading);
    }

    private static KeyReading Value(ref Utf8JsonReader json, KeyRules rules)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                try
                {
                    return KeyReader.ReadText(json.GetString()!, rules);
                }
                catch (InvalidOperationException)
                {
                    return KeyReading.Broken("it holds characters other than visible ASCII"); // half a surrogate pair
                }

            case JsonTokenType.Null:
                return default;
            default:
                json.Skip();
                return KeyReading.Broken($"the member {rules.Member} is not a string");
        }
    }
}
