using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.Stores.InMemory;

/// <summary>
/// Records by key, in pieces that are not moved when the table grows: only an index of a few bytes per record is. Not synchronized; a
/// reference into it holds until the next key is added.
/// </summary>
internal sealed class RecordTable
{
    private const int PieceBits = 10; // of records; on the large object heap, where nothing is moved
    private const int PieceSize = 1 << PieceBits;
    private const int FirstSize = 16;

    private readonly Dictionary<RecordKey, int> _places = [];
    private readonly List<MemoryRecord[]> _pieces = [new MemoryRecord[FirstSize]];
    private readonly Stack<int> _free = [];
    private int _used;

    public int Count => _places.Count;

    /// <summary>In no order. Nothing may be added or removed meanwhile.</summary>
    public IEnumerable<(RecordKey Key, MemoryRecord Record)> All => _places.Select(place => (place.Key, At(place.Value)));

    /// <returns>A null reference: there is none.</returns>
    public ref MemoryRecord Find(RecordKey key)
    {
        if (_places.TryGetValue(key, out var place))
        {
            return ref At(place);
        }

        return ref Unsafe.NullRef<MemoryRecord>();
    }

    /// <returns>An empty record, where there was none.</returns>
    public ref MemoryRecord FindOrAdd(RecordKey key, out bool exists)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, key, out exists);
        if (!exists)
        {
            place = _free.TryPop(out var free) ? free : Next();
        }

        return ref At(place);
    }

    public bool Remove(RecordKey key)
    {
        if (!_places.Remove(key, out var place))
        {
            return false;
        }

        At(place) = default; // its answer may go
        _free.Push(place);
        return true;
    }

    private int Next()
    {
        if (_used >> PieceBits == _pieces.Count)
        {
            _pieces.Add(new MemoryRecord[PieceSize]);
        }
        else if (_pieces[^1] is var last && (_used & (PieceSize - 1)) >= last.Length)
        {
            Array.Resize(ref last, last.Length * 2); // the first piece alone: few records are to take little room
            _pieces[^1] = last;
        }

        return _used++;
    }

    private ref MemoryRecord At(int place) => ref _pieces[place >> PieceBits][place & (PieceSize - 1)];
}
