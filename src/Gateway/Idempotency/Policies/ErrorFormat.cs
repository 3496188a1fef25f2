namespace Gateway.Idempotency.Policies;

/// <summary>The body of the gateway's own answers.</summary>
internal enum ErrorFormat
{
    /// <summary><c>application/problem+json</c> (RFC 9457).</summary>
    Problem,

    /// <summary><c>{ "error": { "type", "code", "message" } }</c>, and the header <c>Stripe-Should-Retry</c>.</summary>
    Stripe,

    /// <summary><c>{ "type", "code", "message" }</c>.</summary>
    Acp,

    /// <summary><c>{ "code", "content" }</c>.</summary>
    Ucp,
}
