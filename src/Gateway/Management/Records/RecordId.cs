using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>How people and programs name a record: 32 hexadecimal digits, or the first 16 of them, as logs do.</summary>
internal static class RecordId
{
    private const int Digits = 2 * RecordKey.Size;
    private const int DigestDigits = Digits / 2;

    public static string Of(RecordKey key) => key.Value.ToString("x32", CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out RecordKey key)
    {
        key = default;
        if (text?.Length != Digits || !UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        key = new RecordKey(value);
        return true;
    }

    public static bool TryParseDigest(string? text, out ulong digest)
    {
        digest = 0;
        return text?.Length == DigestDigits && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out digest);
    }

    /// <summary>Stands for the claim that a record is held by: changes with it, and gives nothing of it away.</summary>
    public static string VersionOf(StoredRecord record)
    {
        Span<byte> bytes = stackalloc byte[ClaimToken.Size + 1];
        record.Claim.Write(bytes);
        bytes[ClaimToken.Size] = (byte)record.State;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash).ToString("x16", CultureInfo.InvariantCulture);
    }
}
