using System.Runtime.InteropServices;

namespace Gateway.Stores.InMemory;

/// <summary>What the memory store knows of a key. Times are UTC ticks, and the label's key lies in the <see cref="ByteSlabs"/>: no object of the heap is of one record alone.</summary>
internal struct MemoryRecord
{
    public RecordState State;
    public ClaimToken Claim;
    public Fingerprint Fingerprint;
    public long LeaseUntil;
    public long ExpiresAt;
    public long CreatedAt;
    public TimeSpan Retention;
    public string Operation;
    public UInt128 Actor;

    /// <summary>UTF-16.</summary>
    public ReadOnlyMemory<byte> LabelKey;

    public ReadOnlyMemory<byte> Answer;

    public readonly RecordLabel Label => new(Operation, new string(MemoryMarshal.Cast<byte, char>(LabelKey.Span)), Actor);

    public readonly DateTimeOffset FirstSeen => new(CreatedAt, TimeSpan.Zero);

    /// <summary>As every reader sees it.</summary>
    public readonly RecordState StateAt(DateTimeOffset now) =>
        State == RecordState.InFlight && LeaseUntil <= now.UtcTicks ? RecordState.Unknown : State;

    public readonly bool IsLive(DateTimeOffset now) => ExpiresAt > now.UtcTicks;
}
