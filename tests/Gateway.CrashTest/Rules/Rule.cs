namespace Gateway.CrashTest.Rules;

/// <summary>What must hold whatever happens. The numbers are those of <c>docs/guarantees.md</c>.</summary>
internal enum Rule
{
    /// <summary>No effect is in the ledger twice under <c>Hold</c>, and no second fresh answer is given.</summary>
    AtMostOnce = 1,

    /// <summary>All whole answers under one key are byte-identical, and each is the backend's own to this very request.</summary>
    OneAnswer = 2,

    /// <summary>An answer that was given is the answer ever after.</summary>
    AnswersLast = 3,

    /// <summary>A key with an effect that its client never heard of ends as Completed or Unknown, never as free.</summary>
    EffectsAreKnown = 4,

    /// <summary>A key that is free has no effect.</summary>
    FreeMeansNothingDone = 5,

    /// <summary>No request hangs, no key says "in progress" for ever, and a gateway that is told to stop ends.</summary>
    NothingHangs = 6,

    /// <summary>Memory, handles, and what is in flight return to where they were.</summary>
    NothingLeaks = 7,

    /// <summary>An outcome is unknown only where something was lost.</summary>
    UnknownHasACause = 8,

    /// <summary>No answer is of a kind that nothing explains: <c>key-reused</c> without another body, a 500 of the gateway's.</summary>
    AnswersHaveReasons = 9,
}
