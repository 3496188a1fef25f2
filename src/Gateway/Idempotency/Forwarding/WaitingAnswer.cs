using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>An answer that a client was given and that the store has not taken yet.</summary>
internal sealed class WaitingAnswer(RecordKey key, ClaimToken claim, Fingerprint fingerprint, DateTimeOffset expiresAt, int size)
{
    public RecordKey Key => key;

    public ClaimToken Claim => claim;

    public Fingerprint Fingerprint => fingerprint;

    /// <summary>The end of its retention, by this machine's clock.</summary>
    public DateTimeOffset ExpiresAt => expiresAt;

    public int Size => size;

    /// <summary>The claim whose lease is renewed until the answer has come home; null: of an earlier process, or of another one.</summary>
    public RunningClaim? Running { get; init; }

    public RecordLabel Label { get; init; }

    // Owned by WaitingAnswers, under its lock.
    internal long Number; // in the file; 0: not there
    internal byte[]? Bytes; // null once it is in the file
    internal bool IsBeingWritten; // for the first time: its bytes do not count as waiting in memory yet
    internal Task? Writing; // the last call that writes it, which may end after its time limit
    internal bool HasLeft;
    internal bool IsSettled; // and that for good: an entry in the file is of no use any more
    internal int Failures; // tries that failed; the pass's own
}
