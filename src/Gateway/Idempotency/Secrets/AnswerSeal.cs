using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Idempotency.Response;
using Gateway.Stores;

namespace Gateway.Idempotency.Secrets;

/// <summary>
/// Encrypts stored answers (AES-256-GCM, by ASP.NET Core Data Protection), each bound to its record: bytes that were put under
/// another key do not open there. The first byte tells what is what:
/// <code>
///  1  an <see cref="AnswerRecord"/> in clear
///  2  the protected form of record key (16 bytes) and answer record: by the policy, in store and spool
///  3  the same, in the spool alone
/// </code>
/// </summary>
internal sealed class AnswerSeal(KeyRing keys)
{
    public const byte Sealed = 2;
    public const byte Spooled = 3;

    private const int KeySize = 16;

    /// <exception cref="CryptographicException">The key ring does not work.</exception>
    public byte[] Close(RecordKey key, ReadOnlySpan<byte> record, byte kind = Sealed)
    {
        var clear = new byte[1 + KeySize + record.Length];
        clear[0] = kind; // inside as well: a spooled form cannot be passed off as a stored one
        BinaryPrimitives.WriteUInt128BigEndian(clear.AsSpan(1), key.Value);
        record.CopyTo(clear.AsSpan(1 + KeySize));
        var closed = keys.Protect(clear);
        CryptographicOperations.ZeroMemory(clear);
        return [kind, .. closed];
    }

    /// <summary>The answer record, whatever form it was stored in.</summary>
    /// <exception cref="InvalidDataException">It is another record's, was changed, or the key that it was encrypted with is not in the ring.</exception>
    public ReadOnlyMemory<byte> Open(RecordKey key, ReadOnlyMemory<byte> stored, byte kind = Sealed)
    {
        if (stored.IsEmpty || stored.Span[0] != kind)
        {
            return stored; // in clear, or for others to judge
        }

        byte[] clear;
        try
        {
            clear = keys.Unprotect(stored[1..].ToArray());
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"A stored answer cannot be decrypted. Idempotency:DataProtection:KeyFolder has to hold the keys of all gateways that share the store. {e.Message}", e);
        }

        return clear.Length > KeySize && clear[0] == kind && BinaryPrimitives.ReadUInt128BigEndian(clear.AsSpan(1)) == key.Value
            ? clear.AsMemory(1 + KeySize)
            : throw new InvalidDataException("A stored answer is another record's.");
    }
}
