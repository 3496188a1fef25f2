namespace Gateway.Idempotency.Observation;

/// <summary>Names of the instruments; the README has them in a table.</summary>
internal static class RequestMeter
{
    public const string Requests = "gateway.idempotency.requests";
    public const string SuspectedDuplicates = "gateway.idempotency.suspected_duplicates";
    public const string RouteRequests = "gateway.idempotency.route.requests";

    public const string OperationTag = "operation";
    public const string OutcomeTag = "outcome";
    public const string ModeTag = "mode";
    public const string RouteTag = "route";
    public const string ProtectionTag = "protection";

    /// <summary>On a request's own activity (ASP.NET Core's), so that a trace says what the gateway made of it.</summary>
    public const string OutcomeAttribute = "gateway.idempotency.outcome";
}
