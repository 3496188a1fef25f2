namespace Gateway.CrashTest.Evidence;

/// <summary>What became of one attempt, as its client saw it.</summary>
internal abstract record Outcome
{
    /// <summary>A whole answer of the backend's, fresh or replayed.</summary>
    /// <param name="Digest">Over status, reason phrase, headers and body, apart from what marks a replay.</param>
    /// <param name="Text">The body's start, for people.</param>
    internal sealed record Answered(int Status, string Digest, bool IsReplay, string? Mark, string? OrderId, DateTime? PaidAt, string? Error, int Length, string Text) : Outcome
    {
        /// <summary>Marked: it may be lost, and its client was told so.</summary>
        public bool IsNotStored => Mark == "not-stored";

        /// <summary>The backend said by its status that it did not act: no record is left.</summary>
        public bool IsReleased => Status == 503;

        public override string ToString() => $"{Status}{(IsReplay ? " replayed" : "")}{(Mark is null ? "" : $" {Mark}")} {Digest} {Text}";
    }

    /// <summary>The gateway's own answer.</summary>
    internal sealed record Refused(int Status, string Code) : Outcome
    {
        public override string ToString() => $"{Status} {Code}";
    }

    /// <summary>None: the client left, or the connection broke.</summary>
    /// <param name="IsHang">Nothing came for far too long.</param>
    internal sealed record NoAnswer(string Reason, bool IsHang = false) : Outcome
    {
        public override string ToString() => Reason;
    }
}
