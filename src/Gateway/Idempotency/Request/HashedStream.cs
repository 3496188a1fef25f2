using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Idempotency.Request;

/// <summary>A list to be hashed that is too long to be held: each item goes into the hash behind its length, as in <see cref="PooledBuffer"/>.</summary>
internal sealed class HashedStream : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public HashedStream(HashedList kind) => _hash.AppendData([HashedListStart.Version, (byte)kind]);

    public void WriteInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _hash.AppendData(bytes);
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteInt32(bytes.Length);
        _hash.AppendData(bytes);
    }

    public void WriteText(ReadOnlySpan<char> text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        WriteBytes(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        ArrayPool<byte>.Shared.Return(rented);
    }

    public UInt128 Digest() => Request.Digest.Of(_hash);

    public void Dispose() => _hash.Dispose();
}
