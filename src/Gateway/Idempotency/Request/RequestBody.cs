using System.Buffers;
using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Idempotency.Request;

/// <summary>
/// A request's whole body in one rented array. It has to be read before the forward: reads fail once the client is gone, and
/// the fingerprint covers all of it.
/// </summary>
/// <remarks>
/// The HTTP client may go on reading it after the forward has ended (a deadline, an answer that came early), so the array
/// returns to its pool only when the last holder has let go: it must never carry another request's bytes under a send.
/// </remarks>
internal sealed class RequestBody
{
    /// <summary>Room before the body, so that a digest's prefix and the body are hashed as one span without a copy.</summary>
    private const int Headroom = 16;

    private const int FirstRent = 4096;

    private byte[] _array;
    private int _holders = 1;

    private RequestBody(byte[] array, int length)
    {
        _array = array;
        Length = length;
    }

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => _array.AsMemory(Headroom, Length);

    /// <param name="putBack">What was read of a body that is too large stands before its rest again: the request can be forwarded as it came.</param>
    /// <returns>Null: the body is larger than <paramref name="limit"/>. No more of it was read than shows that.</returns>
    public static ValueTask<RequestBody?> ReadAsync(HttpRequest request, int limit, bool putBack, CancellationToken cancellationToken)
    {
        var announced = request.ContentLength;
        if (announced > limit)
        {
            return new((RequestBody?)null);
        }

        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return new(new RequestBody(ArrayPool<byte>.Shared.Rent(Headroom), 0));
        }

        // The server's own limit (30 MB) may be smaller than the policy's; the one that counts is counted here.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } serverLimit)
        {
            serverLimit.MaxRequestBodySize = null;
        }

        var body = new RequestBody(ArrayPool<byte>.Shared.Rent(Headroom + (int)(announced ?? FirstRent)), 0);
        return body.FillAsync(request, announced, limit, putBack, cancellationToken);
    }

    /// <summary>The digest of a version-1 list that holds nothing but this body.</summary>
    public UInt128 RawDigest()
    {
        const int prefix = 1 + 1 + sizeof(int);
        var list = _array.AsSpan(Headroom - prefix, prefix + Length);
        list[0] = HashedListStart.Version;
        list[1] = (byte)HashedList.RawBody;
        BinaryPrimitives.WriteInt32BigEndian(list[2..], Length);
        return Digest.Of(list);
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
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    private async ValueTask<RequestBody?> FillAsync(HttpRequest request, long? announced, int limit, bool putBack, CancellationToken cancellationToken)
    {
        var source = request.Body;
        try
        {
            while (Length != announced)
            {
                if (Headroom + Length == _array.Length)
                {
                    Grow();
                }

                var read = await source.ReadAsync(_array.AsMemory(Headroom + Length), cancellationToken);
                if (read == 0)
                {
                    break;
                }

                Length += read;
                if (Length > limit)
                {
                    if (putBack)
                    {
                        request.Body = new RejoinedBody(Bytes.ToArray(), source);
                    }

                    Release();
                    return null;
                }
            }

            return this;
        }
        catch
        {
            Release();
            throw;
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_array.Length * 2);
        _array.AsSpan(0, Headroom + Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
