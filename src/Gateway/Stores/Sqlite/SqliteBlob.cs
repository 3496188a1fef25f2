using Microsoft.Data.Sqlite;

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

    /// <exception cref="InvalidDataException">It has another size.</exception>
    public static byte[] Read(SqliteDataReader reader, int column, int size)
    {
        var blob = Read(reader, column);
        return blob.Length == size
            ? blob
            : throw new InvalidDataException($"Column {reader.GetName(column)} of row {reader.GetInt64(0)} has {blob.Length} bytes, not {size}.");
    }

    /// <summary>As it stands in the row: the driver's typed getters open a stream on it first.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static byte[] Read(SqliteDataReader reader, int column) => reader.GetValue(column) as byte[]
        ?? throw new InvalidDataException($"Column {reader.GetName(column)} of row {reader.GetInt64(0)} is no blob.");
}
