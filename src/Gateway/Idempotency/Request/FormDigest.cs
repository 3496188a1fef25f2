using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gateway.Idempotency.Request;

/// <summary>
/// <c>application/x-www-form-urlencoded</c> (https://url.spec.whatwg.org/#application/x-www-form-urlencoded) by what it means: how
/// characters are escaped does not matter, nor in which order different names stand; the order of one name's values does.
/// </summary>
/// <remarks>
/// One name, to the order, is what stands before its first bracket: where <c>a</c>, <c>a[]</c> and <c>a[x]</c> make one variable, a later one
/// overrides or follows an earlier one. Not read is what readers differ about: characters that should be escaped, and <c>;</c>, which once
/// separated pairs.
/// </remarks>
internal static class FormDigest
{
    /// <summary>Bytes. Each pair costs a hundred more while it is read and sorted, and may have two.</summary>
    public const int MaxLength = 1 << 20;

    /// <returns>Null: it is not such a form, and only its bytes can be compared.</returns>
    public static UInt128? Of(ReadOnlySpan<byte> form, JsonSelection selection)
    {
        if (form.Length > MaxLength || !selection.IsFlat)
        {
            return null;
        }

        var pairs = new List<(string Name, byte[]? Value)>();
        foreach (var range in form.Split((byte)'&'))
        {
            var pair = form[range];
            var equals = pair.IndexOf((byte)'=');
            if (Decode(equals < 0 ? pair : pair[..equals]) is not { } name || !Utf8.IsValid(name))
            {
                return null;
            }

            byte[]? value = null;
            if (equals >= 0)
            {
                value = Decode(pair[(equals + 1)..]);
                if (value is null)
                {
                    return null;
                }
            }

            var text = Encoding.UTF8.GetString(name);
            if (selection.Counts(text))
            {
                pairs.Add((text, value));
            }
        }

        using var list = new HashedStream(HashedList.FormBody);
        list.WriteInt32(pairs.Count);
        foreach (var (name, value) in pairs.OrderBy(pair => Variable(pair.Name), StringComparer.Ordinal)) // stable: one name's values stay in their order
        {
            list.WriteText(name);
            list.WriteInt32(value is null ? 0 : 1); // "a" and "a=" are told apart: some readers do
            list.WriteBytes(value);
        }

        return list.Digest();
    }

    private static string Variable(string name) => name.IndexOf('[', StringComparison.Ordinal) is var bracket and > 0 ? name[..bracket] : name;

    /// <returns>Null: a percent sign with no two digits behind it, or what should have been escaped.</returns>
    private static byte[]? Decode(ReadOnlySpan<byte> coded)
    {
        var decoded = new byte[coded.Length];
        var length = 0;
        for (var i = 0; i < coded.Length; i++)
        {
            switch (coded[i])
            {
                case (byte)'+':
                    decoded[length++] = (byte)' ';
                    break;
                case (byte)'%' when i + 2 < coded.Length && byte.TryParse(coded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value):
                    decoded[length++] = value;
                    i += 2;
                    break;
                case (byte)'%' or (byte)';' or <= (byte)' ' or >= 0x7F:
                    return null;
                default:
                    decoded[length++] = coded[i];
                    break;
            }
        }

        return decoded[..length];
    }
}
