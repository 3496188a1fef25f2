namespace Gateway.Stores;

/// <summary>Names of the instruments; the README has them in a table.</summary>
internal static class StoreMeter
{
    public const string Name = "Gateway.Idempotency";

    public const string CircuitOpen = "gateway.idempotency.store.circuit_open";

    public const string RequestsRunning = "gateway.idempotency.requests.running";

    public const string SpoolAnswers = "gateway.idempotency.spool.answers";
    public const string SpoolSize = "gateway.idempotency.spool.size";
    public const string SpoolSettled = "gateway.idempotency.spool.settled";
    public const string SpoolOutcomeTag = "outcome";
}
