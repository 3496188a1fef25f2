using System.Buffers;

namespace Gateway.Idempotency.Response;

/// <summary>
/// An answer's body while it is being received, in one rented array with room before it: the record's head is put there
/// afterwards, so the stored bytes are contiguous and the body is never copied again.
/// </summary>
internal sealed class AnswerBuffer : IDisposable
{
    private const int Headroom = 1024;

    private byte[] _array;
    private int _length;
    private bool _isAbandoned;

    public AnswerBuffer(int expectedBody) => _array = ArrayPool<byte>.Shared.Rent(Headroom + Math.Max(expectedBody, 1));

    public ReadOnlyMemory<byte> Body => _array.AsMemory(Headroom, _length);

    public int Length => _length;

    /// <summary>At least one byte to receive into; grows when full.</summary>
    public Memory<byte> Free()
    {
        if (Headroom + _length == _array.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_array.Length * 2);
            _array.AsSpan(0, Headroom + _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        return _array.AsMemory(Headroom + _length);
    }

    public void Advance(int received) => _length += received;

    /// <summary>Puts <paramref name="head"/> right before the body: both as one piece, of this buffer where the head fits.</summary>
    public Memory<byte> Prepend(ReadOnlySpan<byte> head)
    {
        if (head.Length <= Headroom)
        {
            head.CopyTo(_array.AsSpan(Headroom - head.Length));
            return _array.AsMemory(Headroom - head.Length, head.Length + _length);
        }

        var larger = new byte[head.Length + _length];
        head.CopyTo(larger);
        Body.Span.CopyTo(larger.AsSpan(head.Length));
        return larger;
    }

    /// <summary>Leaves the array to the garbage collector: a store call that was given up may still read it.</summary>
    public void Abandon() => _isAbandoned = true;

    public void Dispose()
    {
        if (!_isAbandoned)
        {
            _isAbandoned = true;
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }
}
