using Gateway.Stores;

namespace Gateway.Idempotency.Observation;

/// <summary>
/// What the last <see cref="GenerationSize"/> to twice as many requests were: two generations, of which the older one is emptied for the next
/// when the newer one is full. Bounded, whatever comes. Not synchronized.
/// </summary>
/// <remarks>Each request that runs is looked up here, and mostly is not there: a slot is eight bytes, so that to find that out touches two cache lines.</remarks>
internal sealed class RecentRequests
{
    internal const int GenerationSize = 32_768;

    private Generation _newer = new();
    private Generation _older = new();

    /// <param name="what">A hash; where two things have the same, they are taken for one.</param>
    /// <returns>What was last put there, if that is not too long ago.</returns>
    public Seen? Put(ulong what, Seen seen)
    {
        if (_newer.Find(what) is var place && place >= 0)
        {
            var last = _newer.Seen[place];
            _newer.Seen[place] = seen;
            return last;
        }

        Seen? before = _older.Find(what) is var older && older >= 0 ? _older.Seen[older] : null;
        if (_newer.IsFull)
        {
            (_newer, _older) = (_older, _newer);
            _newer.Clear();
        }

        _newer.Add(what, seen);
        return before;
    }

    internal readonly record struct Seen(RecordKey Record, DateTimeOffset At);

    /// <summary>Open addressing, at most half full. A slot is the upper 48 bits of the hash, and one more than the place of what was seen; 0: free.</summary>
    private sealed class Generation
    {
        private const ulong PlaceMask = 0xFFFF;
        private const int SlotMask = (2 * GenerationSize) - 1;

        private readonly ulong[] _slots = new ulong[SlotMask + 1];
        private int _count;

        public Seen[] Seen { get; } = new Seen[GenerationSize];

        public bool IsFull => _count == GenerationSize;

        /// <returns>Negative: it is not there.</returns>
        public int Find(ulong what)
        {
            var slot = _slots[SlotOf(what)];
            return slot != 0 ? (int)(slot & PlaceMask) - 1 : -1;
        }

        /// <summary>What is not there yet.</summary>
        public void Add(ulong what, Seen seen)
        {
            Seen[_count++] = seen;
            _slots[SlotOf(what)] = (what & ~PlaceMask) | (uint)_count;
        }

        public void Clear()
        {
            Array.Clear(_slots);
            _count = 0;
        }

        /// <summary>Where it is, or where there is room for it.</summary>
        private int SlotOf(ulong what)
        {
            var at = (int)(what & SlotMask);
            while (_slots[at] is not 0 and var slot && ((slot ^ what) & ~PlaceMask) != 0)
            {
                at = (at + 1) & SlotMask;
            }

            return at;
        }
    }
}
