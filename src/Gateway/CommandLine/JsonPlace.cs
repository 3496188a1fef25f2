using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gateway.CommandLine;

/// <summary>
/// A place in the configuration (<c>Idempotency:Policies:payments:Actor:0</c>) as a JSON path (RFC 9535) into the routes file:
/// <c>$.Idempotency.Policies.payments.Actor[0]</c>. Names are spelt as the file spells them.
/// </summary>
/// <param name="document">The file. What is not in it (a key that is missing, or that stands in the environment) is spelt as the configuration does.</param>
internal sealed class JsonPlace(JsonElement? document)
{
    private static readonly JsonDocumentOptions AsRead = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static JsonPlace In(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var document = JsonDocument.Parse(stream, AsRead);
            return new JsonPlace(document.RootElement.Clone());
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return new JsonPlace(null); // UTF-16, which .NET's configuration reads; or gone since
        }
    }

    public string Of(string place)
    {
        var path = new StringBuilder("$");
        var segments = place.Split(':');
        var node = document;
        for (var i = 0; i < segments.Length; i++)
        {
            if (node?.ValueKind != JsonValueKind.Object && int.TryParse(segments[i], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                path.Append(CultureInfo.InvariantCulture, $"[{index}]");
                node = node?.ValueKind == JsonValueKind.Array && index < node.Value.GetArrayLength() ? node.Value[index] : null;
                continue;
            }

            // A name may hold colons of its own, which the configuration takes for levels.
            var (name, value, taken) = Member(node, segments[i..]) ?? (segments[i], default, 1);
            AppendName(path, name);
            node = value.ValueKind == JsonValueKind.Undefined ? null : value;
            i += taken - 1;
        }

        return path.ToString();
    }

    private static (string Name, JsonElement Value, int Taken)? Member(JsonElement? node, string[] segments)
    {
        for (var taken = 1; node?.ValueKind == JsonValueKind.Object && taken <= segments.Length; taken++)
        {
            var name = string.Join(':', segments[..taken]);
            var member = node.Value.EnumerateObject().FirstOrDefault(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (member.Value.ValueKind != JsonValueKind.Undefined)
            {
                return (member.Name, member.Value, taken);
            }
        }

        return null;
    }

    private static void AppendName(StringBuilder path, string name)
    {
        if (name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            path.Append('.').Append(name);
        }
        else
        {
            path.Append("['").Append(name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)).Append("']");
        }
    }
}
