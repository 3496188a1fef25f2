using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Idempotency.Request;

/// <summary>
/// A request's whole body, in one rented array or, above <see cref="BodyFiles.MemoryThreshold"/>, in a file. It has to be read before
/// the forward: reads fail once the client is gone, and the fingerprint covers all of it.
/// </summary>
/// <remarks>
/// The HTTP client may go on reading it after the forward has ended (a deadline, an answer that came early), so the array
/// returns to its pool, and the file goes, only when the last holder has let go: it must never carry another request's bytes under a send.
/// </remarks>
internal sealed class RequestBody
{
    /// <summary>Room before the body, so that a digest's prefix and the body are hashed as one span without a copy.</summary>
    private const int Headroom = 16;

    private const int FirstRent = 4096;

    /// <summary>Of one write to a file, or one read from it.</summary>
    private const int ChunkSize = 64 * 1024;

    private byte[] _array;
    private int _inArray; // of a body in memory, all of it
    private BodyFile? _file;
    private int _holders = 1;

    private RequestBody(byte[] array) => _array = array;

    public int Length => _file is null ? _inArray : (int)_file.Length;

    public bool IsInMemory => _file is null;

    /// <summary>Of a body in memory.</summary>
    public ReadOnlyMemory<byte> Bytes => _file is null ? _array.AsMemory(Headroom, _inArray) : throw new InvalidOperationException("It is in a file: look at it by a view.");

    /// <param name="putBack">What was read of a body that cannot be taken stands before its rest again: the request can be forwarded as it came.</param>
    /// <returns>Null: the body is larger than <paramref name="limit"/>. No more of it was read than shows that.</returns>
    /// <exception cref="BodyFileException">There is no room for it.</exception>
    public static ValueTask<RequestBody?> ReadAsync(HttpRequest request, int limit, BodyFiles files, bool putBack, CancellationToken cancellationToken)
    {
        var announced = request.ContentLength;
        if (announced > limit)
        {
            return new((RequestBody?)null);
        }

        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return new(new RequestBody(ArrayPool<byte>.Shared.Rent(Headroom)));
        }

        // The server's own limit (30 MB) may be smaller than the policy's; the one that counts is counted here.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } serverLimit)
        {
            serverLimit.MaxRequestBodySize = null;
        }

        var body = new RequestBody(ArrayPool<byte>.Shared.Rent(Headroom + (int)(announced > files.MemoryThreshold ? ChunkSize : announced ?? FirstRent)));
        return body.FillAsync(request, announced, limit, files, putBack, cancellationToken);
    }

    /// <summary>All of it, as one span.</summary>
    /// <exception cref="BodyFileException">The file cannot be read.</exception>
    public BodyView View() => _file is null ? new BodyView(Bytes.Span) : _file.View();

    /// <summary>The digest of a version-1 list that holds nothing but this body.</summary>
    /// <exception cref="BodyFileException">The file cannot be read.</exception>
    public UInt128 RawDigest()
    {
        const int prefix = 1 + 1 + sizeof(int);
        if (_file is null)
        {
            var list = _array.AsSpan(Headroom - prefix, prefix + _inArray);
            WritePrefix(list, _inArray);
            return Digest.Of(list);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[prefix];
        WritePrefix(head, Length);
        hash.AppendData(head);
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize); // not a view: hundreds of these at once would be hundreds of whole bodies that are mapped
        try
        {
            for (var at = 0L; at < Length;)
            {
                var read = _file.Read(chunk, at);
                hash.AppendData(chunk, 0, read);
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return Digest.Of(hash);

        static void WritePrefix(Span<byte> list, int length)
        {
            list[0] = HashedListStart.Version;
            list[1] = (byte)HashedList.RawBody;
            BinaryPrimitives.WriteInt32BigEndian(list[2..], length);
        }
    }

    /// <param name="progress">Called when a part of a body in a file has gone.</param>
    /// <exception cref="BodyFileException">The file cannot be read.</exception>
    public async ValueTask CopyToAsync(Stream destination, Action? progress, CancellationToken cancellationToken)
    {
        if (_file is null)
        {
            if (_inArray > 0)
            {
                await destination.WriteAsync(Bytes, cancellationToken);
            }

            return;
        }

        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            for (var at = 0L; at < Length;)
            {
                var read = await _file.ReadAsync(chunk, at, cancellationToken);
                await destination.WriteAsync(chunk.AsMemory(0, read), cancellationToken);
                at += read;
                progress?.Invoke();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <returns>False: the last holder has let go, the bytes are no longer there.</returns>
    public bool TryHold()
    {
        var holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            ReturnArray();
            _file?.Dispose();
        }
    }

    private async ValueTask<RequestBody?> FillAsync(HttpRequest request, long? announced, int limit, BodyFiles files, bool putBack, CancellationToken cancellationToken)
    {
        var source = request.Body;
        var read = 0L;
        var isLarge = announced > files.MemoryThreshold;
        try
        {
            if (isLarge)
            {
                files.RequireRoomFor(announced!.Value);
            }

            while (read != announced)
            {
                if (Headroom + _inArray == _array.Length)
                {
                    Grow();
                }

                var count = await source.ReadAsync(_array.AsMemory(Headroom + _inArray), cancellationToken);
                if (count == 0)
                {
                    break;
                }

                read += count;
                _inArray += count;
                if (read > limit)
                {
                    if (putBack)
                    {
                        PutBack(request, source, read);
                    }
                    else
                    {
                        Release();
                    }

                    return null;
                }

                if (_file is not null || isLarge || _inArray > files.MemoryThreshold)
                {
                    _file ??= files.Create();
                    await _file.AppendAsync(_array.AsMemory(Headroom, _inArray), cancellationToken);
                    _inArray = 0;
                }
            }

            if (_file is not null)
            {
                ReturnArray(); // what it held is in the file
            }

            return this;
        }
        catch (BodyFileException) when (putBack)
        {
            PutBack(request, source, read);
            throw;
        }
        catch
        {
            Release();
            throw;
        }
    }

    private void PutBack(HttpRequest request, Stream source, long read)
    {
        var inFile = _file?.Length ?? 0;
        request.Body = new RejoinedBody(
            async (buffer, at, cancellationToken) =>
            {
                // The proxy may go on reading when the request has ended: the array must not be another's under it.
                ObjectDisposedException.ThrowIf(!TryHold(), this);
                try
                {
                    if (at < inFile)
                    {
                        return await _file!.ReadAsync(buffer, at, cancellationToken);
                    }

                    var count = (int)Math.Min(buffer.Length, read - at);
                    _array.AsMemory(Headroom + (int)(at - inFile), count).CopyTo(buffer);
                    return count;
                }
                finally
                {
                    Release();
                }
            },
            read,
            source,
            Release);
        request.HttpContext.Response.RegisterForDispose(request.Body);
    }

    private void ReturnArray()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_array.Length * 2);
        _array.AsSpan(0, Headroom + _inArray).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
