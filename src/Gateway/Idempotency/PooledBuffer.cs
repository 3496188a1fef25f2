using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Gateway.Idempotency;

/// <summary>Bytes that grow in rented arrays. One owner at a time, for as long as a method runs; disposing gives it and its array back.</summary>
internal sealed class PooledBuffer : IDisposable
{
    /// <summary>Two are in use at once at most, and a request needs several.</summary>
    [ThreadStatic]
    private static PooledBuffer? _spare;

    private byte[] _array = [];

    private PooledBuffer()
    {
    }

    public static PooledBuffer Rent(int capacity)
    {
        var buffer = _spare ?? new PooledBuffer();
        _spare = null;
        buffer._array = ArrayPool<byte>.Shared.Rent(capacity);
        return buffer;
    }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, Length);

    /// <summary>The written bytes, to be changed in place.</summary>
    public Span<byte> Slice(int start, int length) => _array.AsSpan(start, length);

    /// <summary>Appends <paramref name="length"/> bytes for the caller to fill.</summary>
    public Span<byte> Take(int length)
    {
        if (_array.Length - Length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_array.Length * 2, (long)Length + length)));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        var span = _array.AsSpan(Length, length);
        Length += length;
        return span;
    }

    public void Truncate(int length) => Length = length;

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(8), value);

    public void WriteUInt128(UInt128 value) => BinaryPrimitives.WriteUInt128BigEndian(Take(16), value);

    /// <summary>Behind its length, so that <c>ab,c</c> never equals <c>a,bc</c>.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteInt32(bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>UTF-8 behind its length in bytes.</summary>
    public void WriteText(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteInt32(length);
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
            Length = 0;
            _spare = this;
        }
    }
}
