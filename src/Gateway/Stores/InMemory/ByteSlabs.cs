namespace Gateway.Stores.InMemory;

/// <summary>
/// Keeps the bytes of records in large arrays, one behind the other. Each in an array of its own would be moved twice by the garbage collector
/// before it is old, and that costs as much as all else that a record does. An array goes when the last record that has bytes in it has gone.
/// </summary>
internal sealed class ByteSlabs
{
    /// <summary>Bytes; on the large object heap, where nothing is moved.</summary>
    internal const int SlabSize = 1 << 20;

    /// <summary>Larger ones have an array of their own.</summary>
    private const int LargestShared = SlabSize / 4;

    private readonly Lock _gate = new();
    private byte[] _slab = [];
    private int _used;

    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LargestShared)
        {
            return bytes.ToArray();
        }

        Memory<byte> place;
        lock (_gate)
        {
            if (_slab.Length - _used < bytes.Length)
            {
                _slab = GC.AllocateUninitializedArray<byte>(SlabSize);
                _used = 0;
            }

            place = _slab.AsMemory(_used, bytes.Length);
            _used += bytes.Length;
        }

        bytes.CopyTo(place.Span); // nobody else's: the lock need not be held
        return place;
    }
}
