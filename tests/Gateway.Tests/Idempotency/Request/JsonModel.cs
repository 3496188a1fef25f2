using System.Globalization;
using System.Numerics;
using System.Text;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>
/// What a JSON text means, read by a parser of its own (RFC 8259, over characters, by recursion), so that neither the
/// canonicalizer nor the JSON reader that it is built on is held against itself. Two texts mean the same if their models are equal.
/// </summary>
internal sealed class JsonModel
{
    private const int MaxDepth = 64;

    /// <summary>An exponent of more significant digits is compared by its spelling.</summary>
    private const int MaxExponentDigits = 15;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _text;
    private int _at;
    private int _depth;

    private JsonModel(string text) => _text = text;

    private char Next => _at < _text.Length ? _text[_at] : '\uFFFF';

    /// <returns>Null: not JSON, deeper than 64, a name that stands twice in an object, or a string that is no Unicode.</returns>
    public static string? Of(byte[] json)
    {
        try
        {
            var model = new JsonModel(Strict.GetString(json));
            var meaning = new StringBuilder();
            model.Value(meaning);
            return model._at == model._text.Length ? meaning.ToString() : null;
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    private void Value(StringBuilder meaning)
    {
        Space();
        switch (Next)
        {
            case '{':
                Members(meaning);
                break;
            case '[':
                Elements(meaning);
                break;
            case '"':
                meaning.Append(Readable(Text()));
                break;
            case '-' or (>= '0' and <= '9'):
                meaning.Append(Number());
                break;
            default:
                var word = ((string[])["true", "false", "null"]).FirstOrDefault(word => string.CompareOrdinal(_text, _at, word, 0, word.Length) == 0) ?? throw new FormatException();
                _at += word.Length;
                meaning.Append(word);
                break;
        }

        Space();
    }

    private void Members(StringBuilder meaning)
    {
        var members = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Enter();
        Space();
        while (Next != '}')
        {
            if (members.Count > 0)
            {
                Take(',');
                Space();
            }

            var name = Text();
            Space();
            Take(':');
            var value = new StringBuilder();
            Value(value);
            if (!members.TryAdd(Readable(name), value.ToString()))
            {
                throw new FormatException();
            }
        }

        Leave();
        meaning.Append('{').AppendJoin(',', members.Select(member => $"{member.Key}:{member.Value}")).Append('}');
    }

    private void Elements(StringBuilder meaning)
    {
        Enter();
        meaning.Append('[');
        Space();
        for (var first = true; Next != ']'; first = false)
        {
            if (!first)
            {
                Take(',');
                meaning.Append(',');
            }

            Value(meaning);
        }

        Leave();
        meaning.Append(']');
    }

    private string Text()
    {
        var text = new StringBuilder();
        Take('"');
        while (Next != '"')
        {
            if (_at >= _text.Length || _text[_at] < ' ')
            {
                throw new FormatException();
            }

            var c = _text[_at++];
            if (c == '\\')
            {
                c = Next;
                _at++;
                c = c switch
                {
                    '"' or '\\' or '/' => c,
                    'b' => '\b',
                    'f' => '\f',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => Escaped(),
                    _ => throw new FormatException(),
                };
            }

            text.Append(c);
        }

        _at++;
        var whole = text.ToString();
        for (var i = 0; i < whole.Length; i++)
        {
            if (char.IsHighSurrogate(whole[i]) && i + 1 < whole.Length && char.IsLowSurrogate(whole[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(whole[i]))
            {
                throw new FormatException();
            }
        }

        return whole;
    }

    private char Escaped()
    {
        var hex = _at + 4 <= _text.Length ? _text.Substring(_at, 4) : throw new FormatException();
        _at += 4;
        return hex.All(char.IsAsciiHexDigit) ? (char)int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : throw new FormatException();
    }

    private string Number()
    {
        var start = _at;
        var negative = TryTake('-');
        var whole = Digits();
        if (whole.Length > 1 && whole[0] == '0')
        {
            throw new FormatException();
        }

        var fraction = TryTake('.') ? Digits() : "";
        var exponent = "0";
        if (TryTake('e') || TryTake('E'))
        {
            var sign = TryTake('-') ? "-" : TryTake('+') ? "" : "";
            exponent = Digits().TrimStart('0').PadLeft(1, '0');
            if (exponent.Length > MaxExponentDigits)
            {
                return $"spelt {_text[start.._at]}";
            }

            exponent = sign + exponent;
        }

        // By value: whole units of a power of ten, as few units as can be.
        var digits = whole + fraction;
        var units = digits.TrimEnd('0');
        if (units.TrimStart('0').Length == 0)
        {
            return "zero";
        }

        var power = BigInteger.Parse(exponent, CultureInfo.InvariantCulture) - fraction.Length + (digits.Length - units.Length);
        return $"{(negative ? "-" : "")}{units.TrimStart('0')}*10^{power}";
    }

    private string Digits()
    {
        var start = _at;
        while (char.IsAsciiDigit(Next))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw new FormatException();
    }

    private void Enter()
    {
        _at++;
        if (++_depth > MaxDepth)
        {
            throw new FormatException();
        }
    }

    private void Leave()
    {
        _at++;
        _depth--;
    }

    private void Take(char c)
    {
        if (!TryTake(c))
        {
            throw new FormatException();
        }
    }

    private bool TryTake(char c)
    {
        if (_at >= _text.Length || _text[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Space()
    {
        while (Next is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }
    }

    private static string Readable(string text) => $"\"{string.Concat(text.Select(c => c is > ' ' and <= '~' and not ('"' or '\\') ? c.ToString() : $"\\{(int)c:x4}"))}\"";
}
