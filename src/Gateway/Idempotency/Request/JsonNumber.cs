using System.Buffers.Text;

namespace Gateway.Idempotency.Request;

/// <summary>
/// Writes a JSON number by its value: <c>1</c>, <c>1.0</c> and <c>10e-1</c> become the same bytes, <c>9007199254740993</c> and
/// <c>…992</c> do not. Sign, exponent, and the digits without zeros at either end, so no precision is lost at any length.
/// </summary>
internal static class JsonNumber
{
    /// <summary>Digits of a written exponent that still fit into 64 bits together with any body's length.</summary>
    private const int MaxExponentDigits = 15;

    /// <param name="number">A valid JSON number.</param>
    public static void Write(ReadOnlySpan<byte> number, PooledBuffer output)
    {
        var negative = number[0] == '-';
        var unsigned = negative ? number[1..] : number;
        var e = unsigned.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = e < 0 ? unsigned : unsigned[..e];
        if (!TryReadExponent(e < 0 ? default : unsigned[(e + 1)..], out var exponent))
        {
            // Nobody's amount. Compared by its spelling: too strict is safe.
            output.WriteByte((byte)'x');
            output.WriteBytes(number);
            return;
        }

        var point = mantissa.IndexOf((byte)'.');
        var fraction = point < 0 ? 0 : mantissa.Length - point - 1;
        var start = output.Length;
        output.WriteByte((byte)'d');
        output.WriteByte(negative ? (byte)'-' : (byte)'+');
        var exponentAt = output.Length;
        output.WriteInt64(0);
        output.WriteInt32(0);
        var digitsAt = output.Length;
        foreach (var digit in mantissa)
        {
            if (digit != '.' && (digit != '0' || output.Length > digitsAt))
            {
                output.WriteByte(digit);
            }
        }

        var digits = output.Length - digitsAt;
        if (digits == 0)
        {
            output.Truncate(start);
            output.WriteByte((byte)'z'); // zero has neither sign nor exponent
            return;
        }

        var significant = output.Slice(digitsAt, digits).LastIndexOfAnyExcept((byte)'0') + 1;
        output.Truncate(digitsAt + significant);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(output.Slice(exponentAt, sizeof(long)), exponent - fraction + (digits - significant));
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(output.Slice(exponentAt + sizeof(long), sizeof(int)), significant);
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out long exponent)
    {
        exponent = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        var negative = text[0] == '-';
        var digits = (text[0] is (byte)'-' or (byte)'+' ? text[1..] : text).TrimStart((byte)'0');
        if (digits.Length > MaxExponentDigits)
        {
            return false;
        }

        if (!digits.IsEmpty && Utf8Parser.TryParse(digits, out long magnitude, out _))
        {
            exponent = negative ? -magnitude : magnitude;
        }

        return true;
    }
}
