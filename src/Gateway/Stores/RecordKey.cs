using System.Buffers.Binary;

namespace Gateway.Stores;

/// <summary>
/// Names one record: the first 16 bytes of a SHA-256 over operation, actor and key, so a store never sees a credential
/// and every key has the same size.
/// </summary>
/// <remarks>
/// 128 bits are enough: reaching another actor's record takes a second preimage (2^128), and a collision that somebody
/// searches for (2^64) can only be among their own keys.
/// </remarks>
public readonly record struct RecordKey(UInt128 Value)
{
    public const int Size = 16;

    public static RecordKey Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <summary>A short form for logs: enough to find a record, too little to be a key.</summary>
    public override string ToString() => ((ulong)(Value >> 64)).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
