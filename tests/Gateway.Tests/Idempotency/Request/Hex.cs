using System.Globalization;

namespace Gateway.Tests.Idempotency.Request;

internal static class Hex
{
    /// <summary>A digest as its 16 bytes are stored: big endian.</summary>
    public static string Of(UInt128 digest) => digest.ToString("x32", CultureInfo.InvariantCulture);
}
