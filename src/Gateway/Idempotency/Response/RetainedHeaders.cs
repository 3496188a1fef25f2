using System.Collections.Frozen;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Response;

/// <summary>Which headers of an answer are kept with it.</summary>
internal static class RetainedHeaders
{
    private static readonly FrozenSet<string> NeverKept = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        // Of one connection (RFC 9110, section 7.6.1).
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade",
        // Of one moment, and of the server that sends.
        "Date", "Server",
        // A credential of one caller's one session.
        "Set-Cookie");

    /// <param name="excluded">The policy's own list.</param>
    /// <param name="outer">Headers that stood there before the forward: the next answer gets its own.</param>
    /// <param name="key">Its headers are echoed as each request sends them.</param>
    public static void Write(PooledBuffer record, IHeaderDictionary headers, int status, FrozenSet<string> excluded, FrozenSet<string>? outer, KeyRules key)
    {
        var countAt = record.Length;
        record.WriteInt32(0);
        var count = 0;
        foreach (var (name, values) in headers)
        {
            if (NeverKept.Contains(name) || excluded.Contains(name) || outer?.Contains(name) == true
                || key.IsKeyHeader(name)
                || (IsLength(name) && StatusRules.MayHaveBody(status)))
            {
                continue;
            }

            // Each line on its own: joining several by a comma changes some headers' meaning.
            foreach (var value in values)
            {
                record.WriteText(name);
                record.WriteText(value);
                count++;
            }
        }

        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(record.Slice(countAt, sizeof(int)), count);
    }

    /// <summary>A body tells its own length; only where there is none (304) does the header say something.</summary>
    private static bool IsLength(string name) => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);
}
