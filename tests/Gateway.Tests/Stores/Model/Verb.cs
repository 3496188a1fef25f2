namespace Gateway.Tests.Stores.Model;

/// <summary>
/// One step of a walk. Keys, claims, fingerprints and answers are small numbers, so that they meet often; leases, retentions
/// and jumps are whole units of time, however long a unit is in the store at hand.
/// </summary>
internal abstract record Verb
{
    /// <summary>A verb on one record.</summary>
    internal abstract record OnRecord(int Key) : Verb;

    /// <summary>… with a claim.</summary>
    internal abstract record WithClaim(int Key, int Claim) : OnRecord(Key);

    internal sealed record Begin(int Key, int Claim, int Fingerprint, int Lease, int Retention, bool TakeOver) : WithClaim(Key, Claim)
    {
        public override string ToString() =>
            $"begin key {Key} with claim {Claim}, fingerprint {Fingerprint}, lease {Lease}, retention {Retention}{(TakeOver ? ", to take over" : "")}";
    }

    internal sealed record FindCompleted(int Key) : OnRecord(Key)
    {
        public override string ToString() => $"find key {Key} completed";
    }

    internal sealed record Renew(int Key, int Claim, int Lease) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"renew key {Key} with claim {Claim}, lease {Lease}";
    }

    internal sealed record Complete(int Key, int Claim, int Answer) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"complete key {Key} with claim {Claim}, answer {Answer}";
    }

    internal sealed record MarkUnknown(int Key, int Claim) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"mark key {Key} unknown with claim {Claim}";
    }

    internal sealed record Release(int Key, int Claim) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"release key {Key} with claim {Claim}";
    }

    /// <summary>An operator says what became of it.</summary>
    internal sealed record Resolve(int Key, int Claim, int Answer) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"resolve key {Key} seen with claim {Claim}, answer {Answer}";
    }

    /// <summary>… that it never ran.</summary>
    internal sealed record Free(int Key, int Claim) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"free key {Key} seen with claim {Claim}";
    }

    internal sealed record Delete(int Key, int Claim) : WithClaim(Key, Claim)
    {
        public override string ToString() => $"delete key {Key} seen with claim {Claim}";
    }

    /// <summary>Sweeps at most so many at a time, until a sweep finds fewer: which ones go first is the store's own business.</summary>
    internal sealed record Sweep(int Limit) : Verb
    {
        public override string ToString() => $"sweep, {Limit} at a time";
    }

    internal sealed record Count : Verb
    {
        public override string ToString() => "count";
    }

    /// <summary>Time passes.</summary>
    internal sealed record Jump(int Units) : Verb
    {
        public override string ToString() => $"{Units} later";
    }
}
