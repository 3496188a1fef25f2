namespace Gateway.Stores;

/// <summary>Settings of the spool, <c>Idempotency:Stores:Spool</c>.</summary>
internal sealed record AnswerSpoolOptions
{
    /// <summary>
    /// How long behind the end of its retention an answer is kept at most: a clock that was wrong for a moment must not destroy it.
    /// </summary>
    public static readonly TimeSpan Margin = TimeSpan.FromDays(7);

    /// <summary>The spool's file. Several gateways on one machine may share it. Missing folders are made. Default <c>data/spool.db</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The store that the answers are meant for, as text without secrets: no other one's entries are touched.</summary>
    public required string Store { get; init; }

    /// <summary>Bytes of answers that it holds at most. Default 256 MiB. 0: no file; answers wait in memory alone.</summary>
    public long MaxSize { get; init; } = 256L << 20;
}
