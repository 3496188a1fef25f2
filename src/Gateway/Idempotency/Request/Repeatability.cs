using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Request;

/// <summary>
/// OASIS Repeatable Requests 1.0 (https://docs.oasis-open.org/odata/repeatable-requests/v1.0/cs01/repeatable-requests-v1.0-cs01.html): the key is
/// <c>Repeatability-Request-ID</c>, and <c>Repeatability-First-Sent</c> says how old it is, so that a request whose record has
/// ended is not taken for a new one.
/// </summary>
internal static class Repeatability
{
    public const string RequestId = "Repeatability-Request-ID";
    public const string FirstSent = "Repeatability-First-Sent";
    public const string Result = "Repeatability-Result";

    public const string Accepted = "accepted";
    public const string Rejected = "rejected";

    /// <summary>How far clients' clocks may be off, at most.</summary>
    private static readonly TimeSpan LargestTolerance = TimeSpan.FromMinutes(5);

    public static bool IsUsedBy(in KeyReading key) => RequestId.Equals(key.Header, StringComparison.OrdinalIgnoreCase);

    /// <summary>How long after it was first sent a request is taken.</summary>
    /// <remarks>
    /// A record lives for the retention from its end, so never shorter than from its arrival. A client's clock that runs ahead makes
    /// a request look younger than it is: by so much the window is narrower, or the record could be gone while it still counted.
    /// </remarks>
    public static TimeSpan Window(TimeSpan retention) => retention - Tolerance(retention);

    public static FirstSentReading Read(IHeaderDictionary headers, TimeSpan retention, DateTimeOffset now)
    {
        // IMF-fixdate (RFC 9110, section 5.6.7), and that alone.
        if (headers[FirstSent] is not [{ } text] || !DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var sent))
        {
            return FirstSentReading.Invalid;
        }

        if (sent > now + Tolerance(retention))
        {
            return FirstSentReading.Ahead;
        }

        return sent < now - Window(retention) ? FirstSentReading.Expired : FirstSentReading.Good;
    }

    private static TimeSpan Tolerance(TimeSpan retention) => retention / 10 < LargestTolerance ? retention / 10 : LargestTolerance;
}

/// <summary>What <see cref="Repeatability.FirstSent"/> said.</summary>
internal enum FirstSentReading
{
    Good,

    /// <summary>Missing, sent twice, or no date.</summary>
    Invalid,

    /// <summary>In the future, beyond what clocks may be off.</summary>
    Ahead,

    /// <summary>So long ago that its record could have ended.</summary>
    Expired,
}
