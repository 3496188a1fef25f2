using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Gateway.Stores;

/// <summary>The right to run a record's request. Random, so that nobody can hold it by accident.</summary>
public readonly record struct ClaimToken(UInt128 Value)
{
    public const int Size = 16;

    public static ClaimToken New()
    {
        var value = default(UInt128);
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<UInt128>(ref value)));
        return new ClaimToken(value);
    }

    public static ClaimToken Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);
}
