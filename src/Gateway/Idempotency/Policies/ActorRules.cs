namespace Gateway.Idempotency.Policies;

internal enum ActorKind
{
    /// <summary>A request header's value.</summary>
    Header,

    /// <summary>The client certificate of the TLS connection.</summary>
    Certificate,

    /// <summary>What an authenticated caller is known by, and by whom: only on a route with an <c>AuthorizationPolicy</c>.</summary>
    Claim,
}

/// <summary>One value that tells callers apart.</summary>
/// <param name="Name">The header's or the claim's name; empty for a certificate.</param>
internal sealed record ActorSource(ActorKind Kind, string Name)
{
    public override string ToString() => Kind == ActorKind.Certificate ? "Certificate" : $"{Kind}:{Name}";
}

/// <summary>Who may see a record: the callers with the same values. Of headers and the certificate one is enough; claims have to be there, all of them. No source at all means <c>Shared</c>, in so many words.</summary>
internal sealed record ActorRules(IReadOnlyList<ActorSource> Sources)
{
    public static readonly ActorRules Shared = new([]);

    public bool IsShared => Sources.Count == 0;

    public bool NeedsAuthentication => Sources.Any(source => source.Kind == ActorKind.Claim);
}
