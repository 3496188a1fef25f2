using System.Text;
using Gateway.Idempotency.Request;

namespace Gateway.Idempotency.Secrets;

/// <summary>What a record is labelled with where the policy does not keep clients' keys (<c>RetainKey: false</c>).</summary>
internal static class KeyDigest
{
    /// <summary>Who knows a key finds its record by this; nobody finds a key that was made at random.</summary>
    public static string Of(string key) => $"sha256:{Digest.Of(Encoding.UTF8.GetBytes(key)):x32}";
}
