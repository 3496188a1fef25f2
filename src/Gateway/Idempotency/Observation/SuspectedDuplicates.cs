using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.IO.Hashing;
using Gateway.Stores;

namespace Gateway.Idempotency.Observation;

/// <summary>
/// Notices the client that makes up a new key for each retry, and so is not protected: the same caller, operation and
/// fingerprint under another key within the policy's <c>DuplicateWindow</c>. Counted and shown, never blocked: two equal orders
/// in a minute may be meant.
/// </summary>
/// <remarks>Looks back over the <see cref="RecentRequests"/> of this process.</remarks>
internal sealed class SuspectedDuplicates
{
    private const int Shown = 50;

    /// <summary>Of one operation, in the log: a client that does this does it with each of its requests.</summary>
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger<SuspectedDuplicates> _logger;
    private readonly Lock _gate = new();
    private readonly Queue<SuspectedDuplicate> _latest = new(Shown);
    private readonly Dictionary<string, long> _counts = []; // by operation, zeros too
    private readonly Dictionary<string, Telling> _tellings = [];
    private readonly RecentRequests _recent = new();
    private string? _operation; // the last one, which has its count

    public SuspectedDuplicates(IMeterFactory meters, TimeProvider time, ILogger<SuspectedDuplicates> logger)
    {
        (_time, _logger) = (time, logger);
        meters.Create(StoreMeter.Name).CreateObservableCounter(
            RequestMeter.SuspectedDuplicates, Measure, unit: "{request}", description: "Requests that ran although the same caller had sent the same under another key shortly before.");
    }

    /// <summary>The latest ones, newest first.</summary>
    public IReadOnlyList<SuspectedDuplicate> Latest
    {
        get
        {
            lock (_gate)
            {
                return [.. _latest.Reverse()];
            }
        }
    }

    /// <summary>Looks at a request that is about to run.</summary>
    /// <param name="window">Zero: not looked at.</param>
    public void Look(BeginRequest request, TimeSpan window)
    {
        if (window == TimeSpan.Zero)
        {
            return;
        }

        var what = WhatIs(request);
        var now = _time.GetUtcNow();
        var operation = request.Label.Operation;
        RecentRequests.Seen? last;
        lock (_gate)
        {
            if (!ReferenceEquals(_operation, operation))
            {
                _counts.TryAdd(operation, 0);
                _operation = operation;
            }

            last = _recent.Put(what, new(request.Key, now));
        }

        if (last is not { } before || before.Record == request.Key || now - before.At > window)
        {
            return;
        }

        long untold;
        var found = new SuspectedDuplicate(now, operation, request.Key, before.Record, now - before.At);
        lock (_gate)
        {
            if (_latest.Count == Shown)
            {
                _latest.Dequeue();
            }

            _latest.Enqueue(found);
            _counts[operation]++;
            var telling = _tellings.GetValueOrDefault(operation);
            if ((now - telling.At).Duration() < BetweenLines)
            {
                _tellings[operation] = telling with { Untold = telling.Untold + 1 };
                return;
            }

            untold = telling.Untold;
            _tellings[operation] = new Telling(now, 0);
        }

        Log.DuplicateSuspected(_logger, request.Key, operation, before.Record, (long)found.Apart.TotalMilliseconds, untold);
    }

    private IEnumerable<Measurement<long>> Measure()
    {
        lock (_gate)
        {
            return [.. _counts.Select(count => new Measurement<long>(count.Value, new KeyValuePair<string, object?>(RequestMeter.OperationTag, count.Key)))];
        }
    }

    /// <summary>Not a cryptographic hash: a meeting, by chance or made, costs a wrong suspicion and nothing else.</summary>
    private static ulong WhatIs(BeginRequest request)
    {
        Span<byte> bytes = stackalloc byte[Fingerprint.Size + 16 + sizeof(int)];
        request.Fingerprint.Write(bytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[Fingerprint.Size..], request.Label.Actor);
        BinaryPrimitives.WriteInt32BigEndian(bytes[(Fingerprint.Size + 16)..], StringComparer.Ordinal.GetHashCode(request.Label.Operation));
        return XxHash3.HashToUInt64(bytes);
    }

    /// <summary>The last line of an operation, and how many it has kept back since.</summary>
    private readonly record struct Telling(DateTimeOffset At, long Untold);
}

/// <param name="Record">The one that ran although <paramref name="Before"/> had the same.</param>
/// <param name="Apart">How long after it.</param>
internal sealed record SuspectedDuplicate(DateTimeOffset At, string Operation, RecordKey Record, RecordKey Before, TimeSpan Apart);
