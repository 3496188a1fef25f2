using System.Buffers.Text;
using System.Text;
using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>Finds records, a page at a time. One page looks at no more than <see cref="MaxExamined"/> of them, however many there are.</summary>
internal sealed class RecordSearch(IStoreInspector inspector, StoreLimits limits, TimeProvider time)
{
    public const int MaxLimit = 500;
    public const int MaxExamined = 10_000;

    private const int Step = 500;

    /// <summary>One record by its id, or by the 16 digits that logs have. Null: there is none (or two by the same digits, which does not happen by chance).</summary>
    public async ValueTask<StoredRecord?> FindAsync(string id)
    {
        if (RecordId.TryParse(id, out var key))
        {
            return await InTimeAsync(inspector.ReadAsync(key));
        }

        return RecordId.TryParseDigest(id, out var digest) && await InTimeAsync(inspector.FindAsync(digest)) is [var only] ? await InTimeAsync(inspector.ReadAsync(only)) : null;
    }

    /// <param name="cursor"><see cref="RecordPage.Next"/> of the page before.</param>
    /// <exception cref="FormatException">The cursor is of no page.</exception>
    public async ValueTask<RecordPage> FindAsync(RecordFilter filter, string? cursor, int limit)
    {
        var (at, last) = Read(cursor);
        var found = new List<StoredRecord>();
        var examined = 0;
        while (true)
        {
            // The very first step is of one record: the next begins behind it, and stays where it is while new records come
            // in front. Else they would push what was shown last out of its step, and a busy gateway's second page were the first again.
            var scan = await InTimeAsync(inspector.ScanAsync(filter.Walk, at, at is null ? 1 : Step));
            examined += scan.Examined;
            foreach (var record in Behind(scan.Records, last).Where(filter.Matches))
            {
                found.Add(record);
                if (found.Count == limit)
                {
                    // This step again next time, from here on.
                    return new RecordPage(found, Write(at, record.Key), examined);
                }
            }

            last = null;
            at = scan.Next;
            if (at is null || examined >= MaxExamined)
            {
                return new RecordPage(found, at is null ? null : Write(at, null), examined);
            }
        }
    }

    /// <summary>A store that hangs must not hang who looks at it.</summary>
    private Task<T> InTimeAsync<T>(ValueTask<T> call) => call.AsTask().WaitAsync(limits.Operation, time);

    /// <summary>What stands behind the last one that was shown; all of the step, if that has gone meanwhile: better twice than never.</summary>
    private static IEnumerable<StoredRecord> Behind(IReadOnlyList<StoredRecord> records, RecordKey? last)
    {
        var index = last is { } key ? records.Index().FirstOrDefault(record => record.Item.Key == key, (-1, null!)).Index : -1;
        return records.Skip(index + 1);
    }

    private static string Write(string? at, RecordKey? last) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{(last is { } key ? RecordId.Of(key) : "")} {at}"));

    private static (string? At, RecordKey? Last) Read(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return default;
        }

        var text = Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : "";
        if (text.Split(' ', 2) is not [var last, var at] || (last.Length > 0 && !RecordId.TryParse(last, out _)))
        {
            throw new FormatException("The cursor is not one of this gateway's.");
        }

        return (at.Length == 0 ? null : at, RecordId.TryParse(last, out var key) ? key : null);
    }
}

/// <param name="Next">Null: that was all. Else there may be more, also behind an empty page.</param>
/// <param name="Examined">Records that were looked at for this page.</param>
internal sealed record RecordPage(IReadOnlyList<StoredRecord> Records, string? Next, int Examined);
