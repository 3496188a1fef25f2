using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Authentication;

/// <summary>Whose client certificates a scheme takes.</summary>
/// <param name="roots">Issued by themselves: a chain ends with one of these.</param>
/// <param name="intermediates">Of the way to them.</param>
internal sealed class CertificateAuthority(X509Certificate2Collection roots, X509Certificate2Collection intermediates)
{
    public X509Certificate2Collection Roots => roots;

    public X509Certificate2Collection Intermediates => intermediates;

    /// <exception cref="CryptographicException">It holds no authority.</exception>
    public static CertificateAuthority Read(string pem)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        var own = all.ToLookup(static certificate => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData));
        return own.Contains(true)
            ? new CertificateAuthority([.. own[true]], [.. own[false]])
            : throw new CryptographicException("It holds no authority's own certificate.");
    }

    /// <summary>For the handshake. Whether the scheme takes it, revocation included, it decides on the request.</summary>
    public bool MayBeTaken(X509Certificate2 certificate, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(intermediates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
