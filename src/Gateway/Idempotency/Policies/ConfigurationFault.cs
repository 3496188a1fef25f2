namespace Gateway.Idempotency.Policies;

/// <summary>Something in the configuration that cannot be obeyed: where it stands, what is wrong, and what to write instead.</summary>
/// <param name="Place">The configuration path, as in <c>Idempotency:Policies:payments:Lease</c>.</param>
internal sealed record ConfigurationFault(string Place, string Problem, string Cure)
{
    public override string ToString() => $"{Place}: {Problem} {Cure}";
}
