using System.Collections.Concurrent;
using System.Text;
using Gateway.Idempotency.Response;
using Gateway.Stores;

namespace Gateway.Idempotency.Secrets;

/// <summary>
/// The spool's file never holds an answer or a client's key in clear, whatever the policy says of the store: it lies on the gateway's
/// own disk, where nobody expects either. Entries of versions that wrote them in clear still come home.
/// </summary>
internal sealed class SealedAnswerSpool(IAnswerSpool file, AnswerSeal seal) : IAnswerSpool
{
    private const string SealedKey = "sealed:";

    /// <summary>Whose entry a number is: an answer opens under its own record alone.</summary>
    private readonly ConcurrentDictionary<long, RecordKey> _records = [];

    public async ValueTask<long> AddAsync(SpooledAnswer answer)
    {
        var number = await file.AddAsync(answer with
        {
            // What the policy has encrypted goes home as it is.
            Answer = answer.Answer.Span[0] == AnswerSeal.Sealed ? answer.Answer : seal.Close(answer.Key, answer.Answer.Span, AnswerSeal.Spooled),
            Label = answer.Label with { Key = SealedKey + Convert.ToBase64String(seal.Close(answer.Key, Encoding.UTF8.GetBytes(answer.Label.Key ?? ""), AnswerSeal.Spooled)) },
        });
        _records[number] = answer.Key;
        return number;
    }

    public async ValueTask<IReadOnlyList<SpoolEntry>> ListAsync(long after, int limit)
    {
        var entries = await file.ListAsync(after, limit);
        foreach (var entry in entries)
        {
            _records[entry.Number] = entry.Key;
        }

        return [.. entries.Select(entry => entry with { Label = entry.Label with { Key = Open(entry) } })];
    }

    public async ValueTask<byte[]?> ReadAsync(long number)
    {
        if (await file.ReadAsync(number) is not { } bytes)
        {
            return null;
        }

        return bytes is [AnswerSeal.Spooled, ..] ? seal.Open(_records[number], bytes, AnswerSeal.Spooled).ToArray() : bytes;
    }

    public async ValueTask RemoveAsync(long number)
    {
        await file.RemoveAsync(number);
        _records.TryRemove(number, out _);
    }

    public ValueTask<long> CountOthersAsync() => file.CountOthersAsync();

    /// <summary>It takes no part in any decision: one that does not open is told of as unknown, and nothing stops.</summary>
    private string Open(in SpoolEntry entry)
    {
        var key = entry.Label.Key ?? "";
        if (!key.StartsWith(SealedKey, StringComparison.Ordinal))
        {
            return key;
        }

        try
        {
            return Encoding.UTF8.GetString(seal.Open(entry.Key, Convert.FromBase64String(key[SealedKey.Length..]), AnswerSeal.Spooled).Span);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            return "(unreadable)";
        }
    }
}
