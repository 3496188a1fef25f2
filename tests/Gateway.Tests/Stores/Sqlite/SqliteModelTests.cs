using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Gateway.Tests.Stores.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>Two stores on one file, as two processes have it.</summary>
public sealed class SqliteModelTests : StoreModelContract
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly SqliteFolder _folder = new();
    private readonly SqliteStore _left;
    private readonly SqliteStore _right;
    private readonly SqliteConnection _look;

    public SqliteModelTests()
    {
        _left = _folder.OpenStore(_clock);
        _right = _folder.OpenStore(_clock);
        _look = _folder.Connect();
        _look.Ask("PRAGMA synchronous = OFF");
    }

    protected override IReadOnlyList<(IIdempotencyStore Store, IStoreInspector Inspector)> Gateways => [(_left, _left), (_right, _right)];

    protected override TimeSpan Unit => TimeSpan.FromMilliseconds(1);

    // Each write waits for the disk.
    protected override int Walks => 40;

    protected override int Meetings => 60;

    public override Task DisposeAsync()
    {
        _look.Dispose();
        _left.Dispose();
        _right.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    protected override Task EmptyAsync()
    {
        _look.Ask("BEGIN IMMEDIATE; DELETE FROM answer; DELETE FROM record; COMMIT");
        Epoch = _clock.GetUtcNow();
        return Task.CompletedTask;
    }

    protected override Task JumpAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    protected override Task<string?> FindLeftoversAsync()
    {
        var orphans = (long)_look.Ask("SELECT count(*) FROM answer LEFT JOIN record USING (id) WHERE record.state IS NOT 2")!;
        return Task.FromResult(orphans == 0 ? null : $"{orphans} answers of no completed record");
    }
}
