using Gateway.Stores;

namespace Gateway.Tests.Support;

/// <summary>A spool's file that can be made to fail, hang or be watched; what it holds is in memory.</summary>
internal sealed class FaultySpool : IAnswerSpool
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, (SpooledAnswer Answer, byte[] Bytes)> _rows = [];
    private long _last;

    /// <summary>Runs before the call reaches the file: throw to refuse it, wait to hang it.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>The last number that was given out.</summary>
    public long Last => Interlocked.Read(ref _last);

    public IReadOnlyList<long> Numbers
    {
        get
        {
            lock (_gate)
            {
                return [.. _rows.Keys];
            }
        }
    }

    public ValueTask<long> AddAsync(SpooledAnswer answer) => CallAsync("add", () =>
    {
        _rows.Add(++_last, (answer, answer.Answer.ToArray()));
        return _last;
    });

    public ValueTask<IReadOnlyList<SpoolEntry>> ListAsync(long after, int limit) => CallAsync<IReadOnlyList<SpoolEntry>>("list", () =>
        [.. _rows.Where(row => row.Key > after).Take(limit).Select(row => Entry(row.Key, row.Value.Answer))]);

    public ValueTask<byte[]?> ReadAsync(long number) => CallAsync("read", () => _rows.TryGetValue(number, out var row) ? row.Bytes : null);

    public async ValueTask RemoveAsync(long number) => await CallAsync("remove", () => _rows.Remove(number));

    public ValueTask<long> CountOthersAsync() => new(0);

    private static SpoolEntry Entry(long number, SpooledAnswer answer) =>
        new(number, answer.Key, answer.Claim, answer.Fingerprint, answer.ExpiresAt, answer.Answer.Length) { Label = answer.Label };

    private async ValueTask<T> CallAsync<T>(string verb, Func<T> call)
    {
        await Before(verb);
        lock (_gate)
        {
            return call();
        }
    }
}
