using Gateway.Stores;

namespace Gateway.Idempotency.Forwarding;

/// <summary>What the spool knows: the answers that wait, where their bytes are, and which entries of the file are done with.</summary>
internal sealed class WaitingAnswers
{
    /// <summary>Bytes of answers that may wait in memory alone, where the spool's file does not take them.</summary>
    internal const long MaxBytesInMemory = 64 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<ClaimToken, WaitingAnswer> _all = [];
    private readonly Dictionary<RecordKey, WaitingAnswer> _byKey = [];
    private readonly HashSet<long> _settledNumbers = []; // to be removed from the file
    private volatile int _count;
    private long _bytes;
    private long _bytesInMemory;

    public int Count => _count;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Those that no first writing is under way for: it would land, and then stand in the file.</summary>
    public WaitingAnswer[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all.Values.Where(waiting => !waiting.IsBeingWritten)];
            }
        }
    }

    /// <summary>Those that wait in memory alone.</summary>
    public (WaitingAnswer Waiting, byte[] Bytes)[] InMemory
    {
        get
        {
            lock (_gate)
            {
                return _bytesInMemory == 0 ? [] : [.. _all.Values.Where(one => one is { Bytes: not null, IsBeingWritten: false }).Select(one => (one, one.Bytes!))];
            }
        }
    }

    /// <summary>Entries of the file that are done with and still in it.</summary>
    public long[] SettledNumbers
    {
        get
        {
            lock (_gate)
            {
                return [.. _settledNumbers];
            }
        }
    }

    /// <summary>The one to give under a key.</summary>
    public WaitingAnswer? Find(RecordKey key, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _byKey.GetValueOrDefault(key) is { } waiting && waiting.ExpiresAt > now ? waiting : null;
        }
    }

    public (byte[]? Bytes, long Number) Whereabouts(WaitingAnswer waiting)
    {
        lock (_gate)
        {
            return (waiting.Bytes, waiting.Number);
        }
    }

    public void Enter(WaitingAnswer waiting)
    {
        lock (_gate)
        {
            _all[waiting.Claim] = waiting;
            _count = _all.Count;
            _bytes += waiting.Size;

            // The later claim's answer is the one to give. An entry that is met may be older than this process's own.
            if (!_byKey.TryGetValue(waiting.Key, out var other) || waiting.Number == 0 || (other.Number > 0 && other.Number < waiting.Number))
            {
                _byKey[waiting.Key] = waiting;
            }
        }
    }

    /// <summary>An entry that the file lists: known by its claim, done with, or new.</summary>
    public void Meet(in SpoolEntry entry)
    {
        WaitingAnswer? known;
        lock (_gate)
        {
            if (_settledNumbers.Contains(entry.Number))
            {
                return;
            }

            known = _all.GetValueOrDefault(entry.Claim);
        }

        if (known is not null)
        {
            IsInFile(known, entry.Number); // its own; or one whose writing had taken too long
        }
        else
        {
            Enter(new WaitingAnswer(entry.Key, entry.Claim, entry.Fingerprint, entry.ExpiresAt, entry.Size) { Number = entry.Number, Label = entry.Label });
        }
    }

    /// <summary>The file has not taken it. False: memory may not take it either.</summary>
    public bool StaysInMemory(WaitingAnswer waiting)
    {
        lock (_gate)
        {
            if (!waiting.IsBeingWritten)
            {
                return true; // it was met in the file after all
            }

            // One that is larger by itself may wait alone.
            if (_bytesInMemory > 0 && _bytesInMemory + waiting.Size > MaxBytesInMemory)
            {
                return false;
            }

            _bytesInMemory += waiting.Size;
            waiting.IsBeingWritten = false;
            return true;
        }
    }

    public void IsInFile(WaitingAnswer waiting, long number)
    {
        lock (_gate)
        {
            if (waiting.IsSettled || (waiting.Number > 0 && waiting.Number != number))
            {
                _settledNumbers.Add(number); // it has landed while it was being written
            }

            if (waiting.HasLeft || waiting.Number > 0)
            {
                return; // one that was dropped is met in the file again, and lands after all
            }

            LeaveMemory(waiting);
            waiting.Number = number;
            waiting.Bytes = null;
        }
    }

    /// <param name="isSettled">For good: an entry in the file is of no use any more.</param>
    /// <returns>False: it had left already.</returns>
    public bool Leave(WaitingAnswer waiting, bool isSettled)
    {
        lock (_gate)
        {
            if (waiting.HasLeft)
            {
                return false;
            }

            waiting.HasLeft = true;
            waiting.IsSettled = isSettled;
            _all.Remove(waiting.Claim);
            _count = _all.Count;
            if (ReferenceEquals(_byKey.GetValueOrDefault(waiting.Key), waiting))
            {
                _byKey.Remove(waiting.Key);
            }

            LeaveMemory(waiting); // but the bytes stay, for a retry that has found it
            _bytes -= waiting.Size;
            if (waiting.Number > 0)
            {
                _settledNumbers.Add(waiting.Number); // with the leaving, or a list that is read right now would bring it back
            }

            return true;
        }
    }

    /// <summary>The file has it no more.</summary>
    public void IsRemoved(long number)
    {
        lock (_gate)
        {
            _settledNumbers.Remove(number);
        }
    }

    private void LeaveMemory(WaitingAnswer waiting)
    {
        if (waiting is { Bytes: not null, IsBeingWritten: false })
        {
            _bytesInMemory -= waiting.Size;
        }

        waiting.IsBeingWritten = false;
    }
}
