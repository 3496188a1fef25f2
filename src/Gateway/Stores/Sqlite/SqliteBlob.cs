namespace Gateway.Stores.Sqlite;

/// <summary>Values as the blobs that are stored: big endian, fixed size.</summary>
internal static class SqliteBlob
{
    public static byte[] Of(RecordKey key)
    {
        var blob = new byte[RecordKey.Size];
        key.Write(blob);
        return blob;
    }

    public static byte[] Of(ClaimToken claim)
    {
        var blob = new byte[ClaimToken.Size];
        claim.Write(blob);
        return blob;
    }

    public static byte[] Of(in Fingerprint fingerprint)
    {
        var blob = new byte[Fingerprint.Size];
        fingerprint.Write(blob);
        return blob;
    }

    public static byte[] Of(UInt128 value) => Of(new ClaimToken(value));
}
