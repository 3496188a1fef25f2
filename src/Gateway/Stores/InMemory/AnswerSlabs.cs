namespace Gateway.Stores.InMemory;

/// <summary>
/// Keeps answers in large arrays, one behind the other. Each in an array of its own would be moved twice by the garbage collector before it is
/// old, and that costs as much as all else that a record does. An array goes when its last answer has gone.
/// </summary>
internal sealed class AnswerSlabs
{
    /// <summary>Bytes; on the large object heap, where nothing is moved.</summary>
    internal const int SlabSize = 1 << 20;

    /// <summary>Larger ones have an array of their own.</summary>
    private const int LargestShared = SlabSize / 4;

    private readonly Lock _gate = new();
    private byte[] _slab = [];
    private int _used;

    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> answer)
    {
        if (answer.Length > LargestShared)
        {
            return answer.ToArray();
        }

        Memory<byte> place;
        lock (_gate)
        {
            if (_slab.Length - _used < answer.Length)
            {
                _slab = GC.AllocateUninitializedArray<byte>(SlabSize);
                _used = 0;
            }

            place = _slab.AsMemory(_used, answer.Length);
            _used += answer.Length;
        }

        answer.CopyTo(place.Span); // nobody else's: the lock need not be held
        return place;
    }
}
