using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Idempotency.Request;

/// <summary>SHA-256, cut to its first 16 bytes.</summary>
internal static class Digest
{
    public static UInt128 Of(IncrementalHash hash)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        return BinaryPrimitives.ReadUInt128BigEndian(whole);
    }

    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
