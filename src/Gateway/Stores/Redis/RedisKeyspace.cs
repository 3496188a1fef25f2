using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace Gateway.Stores.Redis;

/// <summary>
/// The records' keys, by SCAN over one primary after the other. Each step is short: Redis does nothing else meanwhile. No order
/// and no list is kept, as that would take a second key (on another shard of a Cluster) in every verb.
/// </summary>
internal sealed class RedisKeyspace(IConnectionMultiplexer redis, int database, string prefix)
{
    /// <summary>Keys that one SCAN looks at, at most: some hundred microseconds of the server's time.</summary>
    private const int MostAtOnce = 1000;

    private const int HexLength = 2 * RecordKey.Size;

    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    public RedisKey KeyOf(RecordKey key)
    {
        Span<byte> bytes = stackalloc byte[RecordKey.Size];
        key.Write(bytes);
        var name = new byte[_prefix.Length + HexLength];
        _prefix.CopyTo(name, 0);
        Convert.TryToHexStringLower(bytes, name.AsSpan(_prefix.Length), out _);
        return name;
    }

    /// <summary>A record as another key's value names it.</summary>
    public static byte[] BytesOf(RecordKey key)
    {
        var bytes = new byte[RecordKey.Size];
        key.Write(bytes);
        return bytes;
    }

    /// <param name="beginning">Of the records' keys, in hexadecimal.</param>
    /// <param name="limit">Keys to look at, those of other applications included.</param>
    /// <param name="after">Null: from the start.</param>
    /// <returns>The place after which it goes on; null: that was all.</returns>
    public async ValueTask<(List<RecordKey> Keys, RedisPlace? Next)> StepAsync(string beginning, RedisPlace? after, int limit = MostAtOnce)
    {
        var parts = Parts();
        var (number, server) = parts.Find(part => part.Number >= (after?.Part ?? 0));
        if (server is null)
        {
            return ([], null); // the parts behind the place have gone into others meanwhile
        }

        var endPoint = NameOf(server);
        var cursor = after is { } place && place.Part == number && place.EndPoint == endPoint ? place.Cursor : 0;
        var reply = (RedisResult[])(await server.ExecuteAsync(
            database, "SCAN", [cursor.ToString(CultureInfo.InvariantCulture), "MATCH", $"{Escape(prefix)}{beginning}*", "COUNT", Math.Min(limit, MostAtOnce)]))!;
        var keys = ((string[])reply[1]!).Select(Read).OfType<RecordKey>().ToList();
        cursor = ulong.Parse((string)reply[0]!, CultureInfo.InvariantCulture);
        if (cursor != 0)
        {
            return (keys, new RedisPlace(number, cursor, endPoint));
        }

        var next = parts.Find(part => part.Number > number);
        return (keys, next.Server is null ? null : new RedisPlace(next.Number, 0, NameOf(next.Server)));
    }

    /// <summary>
    /// The primaries, in an order that a walk can keep to: of a Cluster by the lowest slot of each, which stays when a replica is
    /// promoted in its place. Slots that are moved in the middle of a walk may be missed by it, or met twice.
    /// </summary>
    private List<(int Number, IServer Server)> Parts()
    {
        var connected = redis.GetServers().Where(server => server.IsConnected).ToList();
        var cluster = connected.Where(server => server.ServerType == ServerType.Cluster).Select(server => server.ClusterConfiguration).FirstOrDefault(configuration => configuration is not null);
        List<(int Number, IServer Server)> parts = cluster is null
            ? [.. connected.Where(server => !server.IsReplica).OrderBy(NameOf, StringComparer.Ordinal).Select((server, i) => (i, server))]
            : [.. cluster.Nodes.Where(node => !node.IsReplica && node is { EndPoint: not null, Slots.Count: > 0 }).Select(node => (node.Slots.Min(slots => slots.From), redis.GetServer(node.EndPoint!))).OrderBy(part => part.Item1)];
        return parts.Count > 0 ? parts : throw new RedisException("No primary is connected.");
    }

    private static string NameOf(IServer server) => server.EndPoint.ToString()!;

    /// <returns>Null: it is another application's, whatever begins it.</returns>
    private RecordKey? Read(string text) =>
        text.Length == prefix.Length + HexLength && UInt128.TryParse(text.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && KeyOf(new RecordKey(value)) == text
            ? new RecordKey(value)
            : null;

    /// <summary>A prefix may hold what means something in a pattern.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in text)
        {
            if (character is '*' or '?' or '[' or ']' or '^' or '-' or '\\')
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }
}
