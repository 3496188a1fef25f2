namespace Gateway.Stores;

/// <summary>
/// What one caller holds in the store, for policies that limit it. Exact but for what begins at the same moment: requests that are
/// looked at together may each find room. It takes no part in what runs and what does not.
/// </summary>
public interface IActorQuota
{
    /// <summary>The live records of one operation and actor, in any state.</summary>
    /// <param name="key">The record that is about to begin.</param>
    ValueTask<ActorHoldings> LookAsync(string operation, UInt128 actor, RecordKey key);

    /// <summary>
    /// For a store that cannot count its records by actor: this one is the actor's, has an answer of so many bytes, and lives so long at
    /// most. Repeated when that changes. One that is lost is not counted.
    /// </summary>
    ValueTask NoteAsync(string operation, UInt128 actor, RecordKey key, long size, TimeSpan life) => default;

    /// <summary>For such a store: the record is gone.</summary>
    ValueTask ForgetAsync(string operation, UInt128 actor, RecordKey key) => default;
}

/// <param name="IsKnown">The record that was asked about is there already.</param>
/// <param name="Keys">Live records.</param>
/// <param name="Bytes">Of their answers, as they are stored.</param>
/// <param name="UntilOldestEnds">When the first of them is forgotten; zero: there is none.</param>
public readonly record struct ActorHoldings(bool IsKnown, long Keys, long Bytes, TimeSpan UntilOldestEnds);
