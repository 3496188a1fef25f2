namespace Gateway.Stores;

/// <summary>
/// For requests that wait until another one with their key has ended (<c>InProgress: Wait</c>). Everything that it says is a hint:
/// who was woken asks <see cref="IIdempotencyStore.BeginAsync"/>, which decides. Telling and listening are for stores that can.
/// </summary>
public interface IRecordWatch
{
    /// <summary>
    /// How often records that somebody waits for are looked at, all of them at once. Short where nothing else tells of them, long
    /// where <see cref="Announced"/> does and looking is for what it misses; <see cref="Timeout.InfiniteTimeSpan"/> where nobody else can end them.
    /// </summary>
    TimeSpan PollInterval { get; }

    /// <summary>Raised, on any thread, for a record that another gateway has announced.</summary>
    event Action<RecordKey>? Announced
    {
        add { }
        remove { }
    }

    /// <summary>Those among the keys whose record is not InFlight with its lease alive. One look; it changes nothing.</summary>
    ValueTask<IReadOnlyList<RecordKey>> FindSettledAsync(IReadOnlyList<RecordKey> keys);

    /// <summary>Makes <see cref="Announced"/> hear; repeated, it does nothing.</summary>
    ValueTask ListenAsync() => default;

    /// <summary>Tells other gateways that the record has ended. Nobody waits for it, and it may be lost.</summary>
    void Announce(RecordKey key)
    {
    }
}
