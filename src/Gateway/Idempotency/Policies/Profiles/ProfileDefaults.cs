using System.Collections.Frozen;

namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>
/// What a profile sets where a policy says nothing: how an API of that family behaves, as its specification has it. Where the
/// specification is silent it sets what <see cref="IetfProfile"/> does. Every key of a policy overrides.
/// </summary>
internal sealed record ProfileDefaults
{
    public required PolicyProfile Profile { get; init; }

    /// <summary>The body of the gateway's own answers.</summary>
    public required ErrorFormat ErrorFormat { get; init; }

    /// <summary>Statuses of refusals, by code, that are not <see cref="Response.Problems"/>' own.</summary>
    public FrozenDictionary<string, int> RefusalStatusCodes { get; init; } = FrozenDictionary<string, int>.Empty;

    public bool KeyRequired { get; init; } = true;

    /// <summary>Characters of the decoded key.</summary>
    public int KeyMinLength { get; init; } = 1;

    /// <summary>Characters of the decoded key.</summary>
    public int KeyMaxLength { get; init; } = 255;

    public KeyScope KeyScope { get; init; }

    public BodyReading Body { get; init; } = BodyReading.Auto;

    /// <summary>Whether the media type is part of the fingerprint.</summary>
    public bool MediaType { get; init; } = true;

    public IReadOnlyList<string> ReleaseStatusCodes { get; init; } = ["401", "403", "407", "408", "425", "429", "503"];

    public IReadOnlyList<string> UnknownStatusCodes { get; init; } = ["502", "504"];

    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(24);

    public bool EchoKey { get; init; } = true;

    /// <summary>Whether replays say <c>Idempotent-Replayed: true</c>.</summary>
    public bool MarkReplays { get; init; } = true;

    public StoreFailureBehaviour StoreFailure { get; init; }

    public static ProfileDefaults Of(PolicyProfile profile) => profile switch
    {
        PolicyProfile.Ietf => IetfProfile.Defaults,
        PolicyProfile.Stripe => StripeProfile.Defaults,
        PolicyProfile.Acp => AcpProfile.Defaults,
        PolicyProfile.Ucp => UcpProfile.Defaults,
        _ => throw new ArgumentOutOfRangeException(nameof(profile)),
    };
}
