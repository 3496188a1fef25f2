namespace Gateway.Idempotency.Policies;

internal enum ActorKind
{
    /// <summary>A request header's value.</summary>
    Header,

    /// <summary>The client certificate of the TLS connection.</summary>
    Certificate,
}

/// <summary>One value that tells callers apart.</summary>
/// <param name="Name">The header's name; empty for a certificate.</param>
internal sealed record ActorSource(ActorKind Kind, string Name)
{
    public override string ToString() => Kind == ActorKind.Header ? $"Header:{Name}" : "Certificate";
}

/// <summary>Who may see a record: the callers with the same values. No source at all means <c>Shared</c>, in so many words.</summary>
internal sealed record ActorRules(IReadOnlyList<ActorSource> Sources)
{
    public static readonly ActorRules Shared = new([]);

    public bool IsShared => Sources.Count == 0;
}
