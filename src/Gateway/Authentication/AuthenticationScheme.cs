using System.Collections.Frozen;

namespace Gateway.Authentication;

internal enum AuthenticationType
{
    /// <summary>A signed token in <c>Authorization: Bearer</c> (RFC 6750, RFC 7519).</summary>
    JwtBearer,

    /// <summary>The client certificate of the TLS connection.</summary>
    Certificate,

    /// <summary>A secret in a header.</summary>
    ApiKey,
}

/// <summary>One way for callers to say who they are. <c>Authentication:Schemes:{name}</c>. Paths are relative to the routes file's folder.</summary>
internal sealed record AuthenticationScheme
{
    public required string Name { get; init; }

    public required AuthenticationType Type { get; init; }

    /// <summary>JwtBearer: the identity provider, which publishes its keys (OpenID Connect Discovery 1.0).</summary>
    public string? Authority { get; init; }

    /// <summary>JwtBearer: a PEM file with the public key instead.</summary>
    public string? KeyFile { get; init; }

    /// <summary>JwtBearer: false allows an Authority without TLS. Default true.</summary>
    public bool RequireHttpsMetadata { get; init; } = true;

    /// <summary>JwtBearer: what <c>iss</c> may say. Default: what the Authority says of itself.</summary>
    public IReadOnlyList<string> ValidIssuers { get; init; } = [];

    /// <summary>JwtBearer: what <c>aud</c> may say.</summary>
    public IReadOnlyList<string> ValidAudiences { get; init; } = [];

    /// <summary>Certificate: a PEM file with the authority's certificates.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Certificate: whether the authority is asked for revoked ones. Default true.</summary>
    public bool CheckRevocation { get; init; } = true;

    /// <summary>ApiKey: where the key stands. Default <c>X-Api-Key</c>.</summary>
    public string Header { get; init; } = "X-Api-Key";

    /// <summary>ApiKey: the client's name by the key's SHA-256, in hexadecimal digits.</summary>
    public FrozenDictionary<string, string> Keys { get; init; } = FrozenDictionary<string, string>.Empty;
}
