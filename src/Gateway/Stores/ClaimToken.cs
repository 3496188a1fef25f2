using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Gateway.Stores;

/// <summary>The right to run a record's request. Random, so that nobody can hold it by accident.</summary>
public readonly record struct ClaimToken(UInt128 Value)
{
    public const int Size = 16;

    /// <summary>Drawn in advance, many at a time: a call of the system's generator costs more than the rest of a claim.</summary>
    [ThreadStatic]
    private static UInt128[]? _drawn;

    [ThreadStatic]
    private static int _left;

    public static ClaimToken New()
    {
        var drawn = _drawn ??= new UInt128[64];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(drawn.AsSpan()));
            _left = drawn.Length;
        }

        return new ClaimToken(drawn[--_left]);
    }

    public static ClaimToken Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);
}
