namespace Gateway.Idempotency.Request;

/// <summary>A request's body whose beginning was read already: that again, and then the rest.</summary>
/// <param name="read">Reads from the beginning, at a place; never called behind <paramref name="length"/>.</param>
/// <param name="length">Bytes of the beginning.</param>
/// <param name="release">Called once, when nobody reads any more.</param>
internal sealed class RejoinedBody(Func<Memory<byte>, long, CancellationToken, ValueTask<int>> read, long length, Stream rest, Action release) : Stream
{
    private long _position;
    private int _isReleased;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == length)
        {
            return await rest.ReadAsync(buffer, cancellationToken);
        }

        if (buffer.IsEmpty)
        {
            return 0;
        }

        var count = await read(buffer, _position, cancellationToken);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The server reads asynchronously alone.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            release();
        }

        base.Dispose(disposing);
    }
}
