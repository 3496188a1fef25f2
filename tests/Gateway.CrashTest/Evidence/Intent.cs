namespace Gateway.CrashTest.Evidence;

/// <summary>What a client wants done, once, and everything it did for it under one key.</summary>
internal sealed class Intent
{
    private readonly Lock _gate = new();
    private readonly List<Attempt> _attempts = [];

    /// <summary>Also the order: one of its own for each intent, so that the ledger tells whose effect it holds.</summary>
    public required int Number { get; init; }

    public required string Key { get; init; }

    public required string Actor { get; init; }

    /// <summary>On the route whose unknown outcomes are held; otherwise on the one where they are run again.</summary>
    public required bool IsHeld { get; init; }

    public required bool IsRefund { get; init; }

    public required decimal Amount { get; init; }

    /// <summary>Bytes of the answer; null: as it comes.</summary>
    public required int? Size { get; init; }

    public string OrderId => $"order-{Number}";

    public decimal WrongAmount => Amount + 1;

    public IReadOnlyList<Attempt> Attempts
    {
        get
        {
            lock (_gate)
            {
                return [.. _attempts.OrderBy(attempt => attempt.Started)];
            }
        }
    }

    public void Add(Attempt attempt)
    {
        lock (_gate)
        {
            _attempts.Add(attempt);
        }
    }

    /// <summary>The last attempt was no audit after all: it came too early to tell the end.</summary>
    public void SetAside()
    {
        lock (_gate)
        {
            _attempts[^1].IsAudit = false;
        }
    }

    public override string ToString() => $"{OrderId}, key {Key} of {Actor}, {(IsHeld ? "Hold" : "Retry")}, {(IsRefund ? "refund" : "payment")} of {Amount}{(Size is null ? "" : $", answer of {Size} bytes")}";
}
