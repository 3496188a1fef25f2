using Gateway.Stores;

namespace Gateway.Tests.Support;

/// <summary>A store's management side whose calls can be made to fail, hang or be watched.</summary>
internal sealed class FaultyInspector(IStoreInspector inner) : IStoreInspector
{
    /// <summary>Runs before the call reaches the store: throw to refuse it, wait to hang it.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>What the store tells of a record, instead of what it holds.</summary>
    public Func<StoredRecord, StoredRecord> Tell { get; set; } = record => record;

    public bool ListsOpenRecords => inner.ListsOpenRecords;

    public ValueTask<int> SweepAsync(int limit) => CallAsync("sweep", () => inner.SweepAsync(limit));

    public ValueTask<long> CountAsync() => CallAsync("count", inner.CountAsync);

    public async ValueTask<StoredRecord?> ReadAsync(RecordKey key) => await CallAsync("read", () => inner.ReadAsync(key)) is { } record ? Tell(record) : null;

    public ValueTask<IReadOnlyList<RecordKey>> FindAsync(ulong digest) => CallAsync("find", () => inner.FindAsync(digest));

    public ValueTask<RecordScan> ScanAsync(RecordWalk walk, string? after, int limit) => CallAsync("scan", () => inner.ScanAsync(walk, after, limit));

    public ValueTask<bool> ResolveAsync(RecordKey key, ClaimToken held, ReadOnlyMemory<byte>? answer) => CallAsync("resolve", () => inner.ResolveAsync(key, held, answer));

    public ValueTask<bool> DeleteAsync(RecordKey key, ClaimToken held) => CallAsync("delete", () => inner.DeleteAsync(key, held));

    private async ValueTask<T> CallAsync<T>(string call, Func<ValueTask<T>> make)
    {
        await Before(call);
        return await make();
    }
}
