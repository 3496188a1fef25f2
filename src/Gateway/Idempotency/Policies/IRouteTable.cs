namespace Gateway.Idempotency.Policies;

/// <summary>The routes that are in force, as far as anybody but the proxy needs to know.</summary>
internal interface IRouteTable
{
    IReadOnlyList<RouteEntry> Routes { get; }
}

/// <param name="Path">The pattern as it is configured; null: any.</param>
/// <param name="Methods">Empty: any.</param>
/// <param name="Policy">The policy's name; null: none.</param>
internal sealed record RouteEntry(string RouteId, string? Path, IReadOnlyList<string> Hosts, IReadOnlyList<string> Methods, string? Policy);
