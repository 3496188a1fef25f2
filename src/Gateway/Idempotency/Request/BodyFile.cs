namespace Gateway.Idempotency.Request;

/// <summary>One body's bytes on disk. Written by one, then read by any number, each at a place of its own.</summary>
internal sealed class BodyFile(BodyFiles files, FileStream file) : IDisposable
{
    private int _isDisposed;

    /// <summary>What was appended whole.</summary>
    public long Length { get; private set; }

    /// <exception cref="BodyFileException">It was not taken; what was there before still is.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        files.Take(bytes.Length);
        try
        {
            await RandomAccess.WriteAsync(file.SafeFileHandle, bytes, Length, cancellationToken);
            Length += bytes.Length;
        }
        catch (Exception e)
        {
            files.Give(bytes.Length);
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new BodyFileException("Its file could not be written.", e);
            }

            throw;
        }
    }

    /// <exception cref="BodyFileException">It cannot be read.</exception>
    public BodyView View() => new(file.SafeFileHandle, (int)Length);

    /// <returns>At least one byte; none behind the end.</returns>
    /// <exception cref="BodyFileException">It cannot be read.</exception>
    public int Read(Span<byte> buffer, long at)
    {
        try
        {
            return Some(RandomAccess.Read(file.SafeFileHandle, buffer[..(int)Math.Min(buffer.Length, Length - at)], at), at);
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
    }

    /// <inheritdoc cref="Read"/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, long at, CancellationToken cancellationToken)
    {
        try
        {
            return Some(await RandomAccess.ReadAsync(file.SafeFileHandle, buffer[..(int)Math.Min(buffer.Length, Length - at)], at, cancellationToken), at);
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            file.Dispose();
            files.Give(Length);
        }
    }

    /// <summary>Somebody may have cut it short: half a body must not pass for a whole one.</summary>
    private int Some(int read, long at) => read > 0 || at == Length ? read : throw Unreadable(null);

    private static BodyFileException Unreadable(Exception? e) => new("Its file could not be read.", e);
}
