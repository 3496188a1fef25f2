using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace Gateway.Idempotency.Secrets;

/// <summary>
/// ASP.NET Core's key ring, opened anew when it meets a key that it does not know: another gateway that shares the folder may have
/// made that key a moment ago, and a ring by itself looks into its folder once a day.
/// </summary>
internal sealed class KeyRing
{
    /// <summary>How often it is opened anew at most: bytes that nobody can read must not cost a walk through the folder each.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(5);

    private readonly KeyRingOptions _options;
    private readonly Func<IDataProtector> _open;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private volatile IDataProtector? _protector;
    private volatile string? _fault;
    private long _openedAt;

    public KeyRing(KeyRingOptions options, TimeProvider time)
        : this(options, () => options.Open().GetDataProtector("Gateway.Idempotency.Answers", "v1"), time)
    {
    }

    /// <param name="open">Opens the ring as it is now.</param>
    internal KeyRing(KeyRingOptions options, Func<IDataProtector> open, TimeProvider time) => (_options, _open, _time) = (options, open, time);

    /// <exception cref="CryptographicException">There is no key to be had, or none should be: see <see cref="Prepare"/>.</exception>
    public byte[] Protect(byte[] clear) => _fault is null ? Protector().Protect(clear) : throw new CryptographicException(_fault);

    /// <exception cref="CryptographicException">The bytes are not of this ring, or are changed. The message names the key that is missing.</exception>
    public byte[] Unprotect(byte[] bytes)
    {
        var protector = Protector();
        try
        {
            return protector.Unprotect(bytes);
        }
        catch (CryptographicException) when (TryOpenAnew(protector))
        {
            return Protector().Unprotect(bytes);
        }
    }

    /// <summary>Makes the first key if there is none, and sees to it that it outlives a power cut before anything depends on it.</summary>
    /// <exception cref="CryptographicException">It does not work: the folder, or the certificate.</exception>
    public void Prepare()
    {
        _options.CreateFolder();
        RequireReadableKeys();
        if (Unprotect(Protect([1])) is not [1])
        {
            throw new CryptographicException("What was protected did not come back.");
        }

        DurableKeys.Flush(new DirectoryInfo(_options.Folder)); // those that others have made
    }

    /// <summary>A ring passes over keys that it cannot decrypt, and makes another: in clear, perhaps, beside those that a certificate protects.</summary>
    private void RequireReadableKeys()
    {
        _fault = null;
        using var ring = _options.Open();
        foreach (var key in ring.GetRequiredService<IKeyManager>().GetAllKeys())
        {
            try
            {
                key.CreateEncryptor();
            }
            catch (Exception e) when (e is CryptographicException or InvalidOperationException)
            {
                _fault = $"key {key.KeyId} in {_options.Folder} cannot be decrypted{(_options.Certificate is null ? ", and no Certificate is named" : " with this Certificate")}. {e.Message}";
                throw new CryptographicException(_fault, e);
            }
        }
    }

    private IDataProtector Protector()
    {
        if (_protector is { } protector)
        {
            return protector;
        }

        lock (_gate)
        {
            return _protector ?? Open();
        }
    }

    private bool TryOpenAnew(IDataProtector seen)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(seen, _protector))
            {
                return true; // somebody has, meanwhile
            }

            if (_time.GetElapsedTime(_openedAt) < LeastAge)
            {
                return false;
            }

            Open();
            return true;
        }
    }

    private IDataProtector Open()
    {
        _options.CreateFolder();
        _openedAt = _time.GetTimestamp();
        return _protector = _open();
    }
}
