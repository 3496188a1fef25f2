namespace SampleBackend;

/// <summary>Money that has moved. A refund is a charge with a negative amount.</summary>
internal sealed record Charge(long Id, string OrderId, decimal Amount, string Currency, DateTime ChargedAt);
