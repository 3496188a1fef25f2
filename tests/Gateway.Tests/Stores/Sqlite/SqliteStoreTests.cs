using Gateway.Stores;
using Gateway.Stores.Sqlite;

namespace Gateway.Tests.Stores;

public sealed class SqliteStoreTests : FakeClockStoreContract, IDisposable
{
    private readonly SqliteFolder _folder = new();
    private SqliteStore _store = null!;

    protected override Task<(IIdempotencyStore Store, IStoreInspector Inspector)> OpenAsync()
    {
        _store = _folder.OpenStore(Clock);
        return Task.FromResult<(IIdempotencyStore, IStoreInspector)>((_store, _store));
    }

    /// <summary>After every case of the contract: no answer without its finished record, no finished record without its answer.</summary>
    protected override Task CloseAsync()
    {
        using (var look = _folder.Connect())
        {
            Assert.Equal(0L, look.Ask("SELECT count(*) FROM answer LEFT JOIN record USING (id) WHERE record.state IS NOT 2"));
            Assert.Equal(0L, look.Ask("SELECT count(*) FROM record LEFT JOIN answer USING (id) WHERE record.state = 2 AND answer.id IS NULL"));
            Assert.Equal("ok", look.Ask("PRAGMA integrity_check"));
        }

        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }
}
