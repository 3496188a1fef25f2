using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Idempotency.Secrets;

/// <summary>The certificate that encrypts the keys where they lie.</summary>
internal static class KeyRingCertificate
{
    private const string Rsa = "1.2.840.113549.1.1.1";

    /// <returns>What is wrong with it; null: nothing.</returns>
    public static string? TryLoad(string file, string? password, out X509Certificate2? certificate)
    {
        certificate = null;
        try
        {
            certificate = X509CertificateLoader.LoadPkcs12FromFile(file, password);
            return certificate.HasPrivateKey
                ? certificate.PublicKey.Oid.Value == Rsa ? null : "is not RSA, and the keys are encrypted with RSA alone (XML Encryption)."
                : "has no private key.";
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({e.GetType().Name})."; // not its message: it may name more than a fault should
        }
    }
}
