using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Idempotency.Request;

/// <summary>SHA-256, cut to its first 16 bytes.</summary>
internal static class Digest
{
    /// <summary>To make one anew, as the one-shot method does, takes a fifth of the time of a short text.</summary>
    [ThreadStatic]
    private static IncrementalHash? _spare;

    public static UInt128 Of(IncrementalHash hash)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        return BinaryPrimitives.ReadUInt128BigEndian(whole);
    }

    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        var hash = _spare ?? IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _spare = null; // one that fails half way is not used again
        hash.AppendData(bytes);
        var digest = Of(hash);
        _spare = hash;
        return digest;
    }
}
