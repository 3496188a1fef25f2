using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Idempotency.Secrets;
using Gateway.Stores;
using Gateway.Tests.Project;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Secrets;

/// <summary>The folder of the keys, and the certificate that protects them there.</summary>
public sealed class KeyRingTests : IDisposable
{
    private static readonly RecordKey Mine = new(1);
    private static readonly byte[] Record = [1, .. "a record of version 1"u8];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    private string Keys => Path.Combine(_folder.FullName, "keys");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>What version 1.0 has written has to open for ever after, with a key that has long expired.</summary>
    [Fact]
    public void A_record_of_version_1_opens()
    {
        Directory.CreateDirectory(Keys);
        File.Copy(Path.Combine(Repository.Root.FullName, "tests/Gateway.Tests/Idempotency/Secrets/Golden/key-v1.xml"), Path.Combine(Keys, "key-v1.xml"));
        var sealedRecord = Convert.FromBase64String(Repository.Read("tests/Gateway.Tests/Idempotency/Secrets/Golden/record-v1.txt"));
        Assert.Equal(Record, Seals.In(Keys).Open(Mine, sealedRecord).ToArray());
    }

    [Fact]
    public void With_a_certificate_no_key_lies_in_clear_and_only_who_has_it_opens_what_was_closed()
    {
        using var mine = Certificate();
        using var others = Certificate();
        var closed = Ring(mine).Close(Mine, Record);
        var file = File.ReadAllText(Assert.Single(Directory.GetFiles(Keys, "key-*.xml")));

        Assert.Contains("EncryptedData", file, StringComparison.Ordinal);
        Assert.DoesNotContain("<masterKey", file, StringComparison.Ordinal);
        Assert.Equal(Record, Ring(mine).Open(Mine, closed).ToArray());
        foreach (var stranger in (X509Certificate2?[])[others, null])
        {
            var ring = new KeyRing(Options(stranger), TimeProvider.System);
            var error = Assert.Throws<CryptographicException>(ring.Prepare);
            Assert.Throws<CryptographicException>(() => ring.Protect([1])); // whoever goes on without it (the spool)
            Assert.Contains($"in {Keys} cannot be decrypted", error.Message, StringComparison.Ordinal);
            Assert.Single(Directory.GetFiles(Keys, "key-*.xml")); // and it has made none of its own, which others would use
        }
    }

    [Fact]
    public void Keys_from_before_the_certificate_stay_readable()
    {
        var before = Ring(null).Close(Mine, Record);
        using var certificate = Certificate();
        new KeyRing(Options(certificate), TimeProvider.System).Prepare();
        Assert.Equal(Record, Ring(certificate).Open(Mine, before).ToArray());
    }

    [Fact]
    public void A_certificate_that_cannot_encrypt_keys_is_told_before_anything_starts()
    {
        var file = Path.Combine(_folder.FullName, "c.pfx");
        using (var elliptic = TestAuthority.SelfSigned("CN=elliptic"))
        {
            File.WriteAllBytes(file, elliptic.Export(X509ContentType.Pfx, "right"));
        }

        Assert.Contains("is not RSA", KeyRingCertificate.TryLoad(file, "right", out _), StringComparison.Ordinal);
        Assert.Contains("cannot be read", KeyRingCertificate.TryLoad(file, "wrong", out _), StringComparison.Ordinal);
        Assert.Contains("cannot be read", KeyRingCertificate.TryLoad(file + "x", "right", out _), StringComparison.Ordinal);
        using (var rsa = Certificate())
        {
            File.WriteAllBytes(file, rsa.Export(X509ContentType.Pfx, "right"));
            Assert.Null(KeyRingCertificate.TryLoad(file, "right", out var read));
            read!.Dispose();
            File.WriteAllBytes(file, rsa.Export(X509ContentType.Cert));
            Assert.NotNull(KeyRingCertificate.TryLoad(file, null, out _));
        }
    }

    [Fact]
    public void A_folder_that_others_may_read_is_known()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var options = Options(null);
        options.CreateFolder();
        Assert.False(options.IsOpenToOthers);
        File.SetUnixFileMode(Keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead);
        Assert.True(options.IsOpenToOthers);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=keys", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private KeyRingOptions Options(X509Certificate2? certificate) => new() { Folder = Keys, KeyLifetime = TimeSpan.FromDays(90), Certificate = certificate };

    private AnswerSeal Ring(X509Certificate2? certificate) => new(new KeyRing(Options(certificate), TimeProvider.System));
}
