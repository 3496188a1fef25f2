using System.Buffers;
using System.Text.RegularExpressions;

namespace Gateway.Idempotency.Policies;

/// <summary>What a decoded key has to look like: <c>Any</c>, <c>Uuid</c>, <c>Ulid</c> or <c>Regex:pattern</c>.</summary>
internal sealed class KeyFormat
{
    private const string RegexPrefix = "Regex:";

    // Crockford's alphabet, https://github.com/ulid/spec; decoding is case-insensitive.
    private static readonly SearchValues<char> UlidAlphabet = SearchValues.Create("0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz");

    /// <summary>Visible ASCII.</summary>
    public static readonly KeyFormat Any = new("Any", "visible ASCII", static _ => true);

    /// <summary>RFC 9562 in its usual form, 8-4-4-4-12.</summary>
    public static readonly KeyFormat Uuid = new("Uuid", "a UUID such as 8e03978e-40d5-43dd-bc93-6894a57f9324", static key => IsUuid(key));

    public static readonly KeyFormat Ulid = new("Ulid", "a ULID such as 01ARZ3NDEKTSV4RRFFQ69G5FAV",
        static key => key.Length == 26 && key[0] <= '7' && !key.AsSpan().ContainsAnyExcept(UlidAlphabet));

    private readonly Func<string, bool> _matches;

    private KeyFormat(string name, string description, Func<string, bool> matches)
    {
        Name = name;
        Description = description;
        _matches = matches;
    }

    /// <summary>As it stands in the configuration.</summary>
    public string Name { get; }

    /// <summary>For clients: what to send.</summary>
    public string Description { get; }

    public bool Matches(string key) => _matches(key);

    /// <param name="problem">Why the text is no format.</param>
    public static KeyFormat? Parse(string text, out string? problem)
    {
        problem = null;
        switch (text.ToUpperInvariant())
        {
            case "ANY":
                return Any;
            case "UUID":
                return Uuid;
            case "ULID":
                return Ulid;
        }

        if (!text.StartsWith(RegexPrefix, StringComparison.OrdinalIgnoreCase))
        {
            problem = $"'{text}' is unknown.";
            return null;
        }

        var pattern = text[RegexPrefix.Length..];
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking); // by itself first: "a)|(b" is a pattern only inside the brackets below

            // NonBacktracking: linear in the key's length, whatever the pattern. The whole key has to match, not a part of it.
            var regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return new KeyFormat(text, $"a key that matches {pattern}", regex.IsMatch);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            problem = $"'{pattern}' is not a pattern that can be matched in linear time: {e.Message}";
            return null;
        }
    }

    // Not Guid.TryParseExact: it takes "0x" and "+" inside a part.
    private static bool IsUuid(string key)
    {
        if (key.Length != 36)
        {
            return false;
        }

        for (var i = 0; i < key.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? key[i] != '-' : !char.IsAsciiHexDigit(key[i]))
            {
                return false;
            }
        }

        return true;
    }
}
