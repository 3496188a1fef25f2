namespace Gateway.Idempotency.Request;

/// <summary>
/// The kinds of list that are hashed. The kind is the second byte of each, behind the version, so that lists of different
/// kinds never meet, whatever they hold. Numbers are part of the stored format.
/// </summary>
internal enum HashedList : byte
{
    Record = 1,
    Actor = 2,
    RequestLine = 3,
    Headers = 4,
    RawBody = 5,
    JsonBody = 6,
    NoBody = 7,
    MultipartBody = 8,
    FormBody = 9,

    /// <summary>A body with a Content-Encoding: that, and the digest of its bytes.</summary>
    CodedBody = 10,

    /// <summary>With the path behind the key.</summary>
    RecordOnPath = 16,
}

/// <summary>Starts a list to be hashed: version, then kind.</summary>
internal static class HashedListStart
{
    public const byte Version = 1;

    public static PooledBuffer Begin(HashedList kind, int capacity = 256)
    {
        var list = PooledBuffer.Rent(capacity);
        list.WriteByte(Version);
        list.WriteByte((byte)kind);
        return list;
    }
}
