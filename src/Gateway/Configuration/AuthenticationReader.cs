using System.Collections.Frozen;
using System.Security.Cryptography;
using Gateway.Authentication;
using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>Reads <c>Authentication:Schemes</c>: how callers of routes with an <c>AuthorizationPolicy</c> say who they are. Read at start.</summary>
internal static class AuthenticationReader
{
    private static readonly (AuthenticationType Type, string[] Keys)[] KeysOf =
    [
        (AuthenticationType.JwtBearer, ["Authority", "KeyFile", "RequireHttpsMetadata", "ValidIssuers", "ValidAudiences"]),
        (AuthenticationType.Certificate, ["AuthorityFile", "CheckRevocation"]),
        (AuthenticationType.ApiKey, ["Header", "Keys"]),
    ];

    public static FrozenDictionary<string, AuthenticationScheme> ReadAll(SectionReader section)
    {
        var schemes = section.Child("Schemes");
        var read = schemes.Names.ToFrozenDictionary(name => name, name => Read(name, schemes.Child(name)), StringComparer.OrdinalIgnoreCase);
        section.RefuseUnknownKeys();
        return read;
    }

    private static AuthenticationScheme Read(string name, SectionReader section)
    {
        var scheme = new AuthenticationScheme
        {
            Name = name,
            Type = section.Choice("Type", AuthenticationType.JwtBearer),
            Authority = section.Text("Authority"),
            KeyFile = section.Text("KeyFile"),
            RequireHttpsMetadata = section.Flag("RequireHttpsMetadata", true),
            ValidIssuers = section.List("ValidIssuers", []),
            ValidAudiences = section.List("ValidAudiences", []),
            AuthorityFile = section.Text("AuthorityFile"),
            CheckRevocation = section.Flag("CheckRevocation", true),
            Header = section.Text("Header") ?? "X-Api-Key",
            Keys = Keys(section.Child("Keys", isSecret: true)),
        };
        section.RefuseBadHeaderName("Header", scheme.Header);
        section.RefuseUnknownKeys();
        foreach (var key in KeysOf.Where(keys => keys.Type != scheme.Type).SelectMany(keys => keys.Keys).Intersect(section.Names, StringComparer.OrdinalIgnoreCase))
        {
            section.Fault(key, $"means nothing where Type is {scheme.Type}.", "Take it away, or write another Type.");
        }

        switch (scheme.Type)
        {
            case AuthenticationType.JwtBearer:
                if ((scheme.Authority is null) == (scheme.KeyFile is null))
                {
                    section.Fault("Authority", "or KeyFile: one of the two has to say whose tokens are good.", "Name the identity provider as in https://login.example/, or a PEM file with its public key.");
                }

                if (scheme.Authority is { } authority && (!Uri.TryCreate(authority, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && (scheme.RequireHttpsMetadata || uri.Scheme != Uri.UriSchemeHttp))))
                {
                    section.Fault("Authority", "is not an https address.", "Write it as in https://login.example/ (RequireHttpsMetadata: false allows http, for tests).");
                }

                if (scheme.ValidAudiences.Count == 0)
                {
                    section.Fault("ValidAudiences", "is missing: a token that was made for another service would be good here.", "Name what the tokens' aud says for this one.");
                }

                if (scheme.KeyFile is not null && scheme.ValidIssuers.Count == 0)
                {
                    section.Fault("ValidIssuers", "is missing, and no Authority tells it.", "Name what the tokens' iss says.");
                }

                break;
            case AuthenticationType.Certificate when scheme.AuthorityFile is null:
                section.Fault("AuthorityFile", "is missing: whose certificates are good?", "Name a PEM file with the certificates of the authority.");
                break;
            case AuthenticationType.ApiKey when scheme.Keys.Count == 0:
                section.Fault("Keys", "is empty: nobody could call.", "Write { \"SHA-256 of the key, 64 hexadecimal digits\": \"the client's name\" }.");
                break;
        }

        return scheme;
    }

    /// <summary>By the key's SHA-256, so that the file holds no key. What is none is not repeated: it may be a key.</summary>
    private static FrozenDictionary<string, string> Keys(SectionReader section)
    {
        var keys = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (i, hash) in section.Names.Index())
        {
            if (hash.Length != SHA256.HashSizeInBytes * 2 || !hash.All(char.IsAsciiHexDigit))
            {
                section.FaultHere($"has a name, the {i + 1}. of them, that is not a SHA-256.", "Write the key's SHA-256 as 64 hexadecimal digits (printf %s KEY | sha256sum), never the key itself.");
            }
            else if (section.Text(hash) is { } client)
            {
                keys[hash] = client;
            }
            else
            {
                section.Fault(hash, "names no client.", "Write the client's name: keys of one client have the same.");
            }
        }

        return keys.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
