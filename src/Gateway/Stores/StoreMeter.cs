namespace Gateway.Stores;

/// <summary>Names of the instruments; the README has them in a table.</summary>
internal static class StoreMeter
{
    public const string Name = "Gateway.Idempotency";

    public const string CircuitOpen = "gateway.idempotency.store.circuit_open";

    public const string StoreDuration = "gateway.idempotency.store.duration";
    public const string VerbTag = "verb";
    public const string ResultTag = "result";

    public const string RecordsLive = "gateway.idempotency.records.live";
    public const string RecordsInFlight = "gateway.idempotency.records.in_flight";
    public const string RecordsUnknown = "gateway.idempotency.records.unknown";
    public const string RecordsAge = "gateway.idempotency.records.age";

    public const string RequestsRunning = "gateway.idempotency.requests.running";
    public const string RequestsWithoutClient = "gateway.idempotency.requests.without_client";
    public const string RequestsWaiting = "gateway.idempotency.requests.waiting";
    public const string RequestsOldest = "gateway.idempotency.requests.oldest";

    public const string SpoolAnswers = "gateway.idempotency.spool.answers";
    public const string SpoolSize = "gateway.idempotency.spool.size";
    public const string SpoolSettled = "gateway.idempotency.spool.settled";
    public const string SpoolOutcomeTag = "outcome";
}
