using System.Buffers.Binary;

namespace Gateway.Stores;

/// <summary>What a request was, in three digests of 16 bytes, so that a mismatch can say where it is.</summary>
public readonly record struct Fingerprint(UInt128 RequestLine, UInt128 Headers, UInt128 Body)
{
    public const int Size = 48;

    public static Fingerprint Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt128BigEndian(bytes),
        BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt128BigEndian(bytes[32..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, RequestLine);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], Headers);
        BinaryPrimitives.WriteUInt128BigEndian(destination[32..], Body);
    }
}
