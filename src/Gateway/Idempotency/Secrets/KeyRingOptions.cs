using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace Gateway.Idempotency.Secrets;

/// <summary>Where the keys lie that answers are encrypted with. <c>Idempotency:DataProtection</c>.</summary>
internal sealed class KeyRingOptions
{
    /// <summary>The folder. Gateways that share a store share it, too.</summary>
    public required string Folder { get; init; }

    /// <summary>How long one key is used for new answers, 7 to 3650 days. Default 90 days. Old keys stay, and read what they wrote.</summary>
    public required TimeSpan KeyLifetime { get; init; }

    /// <summary>Encrypts the keys in the folder. Null: they lie there in clear, for the owner alone.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether others than its owner can read it, or write to it. Not known on Windows.</summary>
    public bool IsOpenToOthers => !OperatingSystem.IsWindows() && Directory.Exists(Folder)
        && (File.GetUnixFileMode(Folder) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0;

    public void Apply(IDataProtectionBuilder builder)
    {
        builder.SetApplicationName("idempotency-gateway") // the same for all gateways, wherever they are installed
            .SetDefaultKeyLifetime(KeyLifetime)
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM });
        builder.Services.Configure<KeyManagementOptions>(keys => keys.XmlRepository = new DurableKeys(new DirectoryInfo(Folder)));
        if (Certificate is not null)
        {
            builder.ProtectKeysWithCertificate(Certificate).UnprotectKeysWithAnyCertificate(Certificate);
        }
    }

    /// <summary>A ring of its own, with what its folder holds now.</summary>
    public ServiceProvider Open()
    {
        var services = new ServiceCollection();
        Apply(services.AddDataProtection());
        return services.BuildServiceProvider();
    }

    public void CreateFolder()
    {
        if (Directory.Exists(Folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Folder);
        }
        else
        {
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
