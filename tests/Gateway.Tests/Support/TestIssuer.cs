using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Tests.Support;

/// <summary>An identity provider: a key, a name, and tokens.</summary>
internal sealed class TestIssuer : IDisposable
{
    public const string Audience = "https://pay.example";

    private readonly AsymmetricAlgorithm _key;
    private readonly SigningCredentials _credentials;

    public TestIssuer(string name = "https://login.example/", bool elliptic = false)
    {
        Name = name;
        (_key, _credentials) = elliptic ? Elliptic() : Rsa();
    }

    public string Name { get; }

    public string PublicKey => _key.ExportSubjectPublicKeyInfoPem();

    /// <summary>Each is another text, as each has an id of its own.</summary>
    public string Token(string? subject = "alice", string audience = Audience, string? issuer = null, params (string Type, object Value)[] claims)
    {
        var payload = new Dictionary<string, object> { ["jti"] = Guid.NewGuid().ToString("N") };
        if (subject is not null)
        {
            payload["sub"] = subject;
        }

        foreach (var (type, value) in claims)
        {
            payload[type] = value;
        }

        var end = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5);
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Name,
            Audience = audience,
            Claims = payload,
            IssuedAt = end - TimeSpan.FromHours(1),
            NotBefore = end - TimeSpan.FromHours(1),
            Expires = end,
            SigningCredentials = _credentials,
        });
    }

    /// <summary>Signed by the public key as if it were a shared secret: taken by who asks the token how it is to be checked.</summary>
    public string SignedByThePublicKey(string subject = "alice")
    {
        var text = $"{Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"JWT"}""")}.{Token(subject).Split('.')[1]}";
        return $"{text}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(System.Text.Encoding.ASCII.GetBytes(PublicKey), System.Text.Encoding.ASCII.GetBytes(text)))}";
    }

    public void Dispose() => _key.Dispose();

    private static (AsymmetricAlgorithm, SigningCredentials) Rsa()
    {
        var key = RSA.Create(2048);
        return (key, new SigningCredentials(new RsaSecurityKey(key) { KeyId = "r1" }, SecurityAlgorithms.RsaSha256));
    }

    private static (AsymmetricAlgorithm, SigningCredentials) Elliptic()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key, new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = "e1" }, SecurityAlgorithms.EcdsaSha256));
    }
}
