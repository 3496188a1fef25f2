using Gateway.Stores;
using Gateway.Tests.Stores.Model;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>Two gateways on one schema. Time passes by moving the records back.</summary>
public abstract class SqlServerModelContract(SqlServerFixture fixture) : StoreModelContract
{
    private IReadOnlyList<(IIdempotencyStore, IStoreInspector)> _gateways = [];

    protected override IReadOnlyList<(IIdempotencyStore Store, IStoreInspector Inspector)> Gateways => _gateways;

    protected override TimeSpan Unit => TimeSpan.FromHours(1);

    protected override int Walks => 40;

    public override Task InitializeAsync()
    {
        _gateways = [.. new[] { fixture.Open(), fixture.Open() }.Select(store => (store, store))];
        return Task.CompletedTask;
    }

    protected override Task EmptyAsync()
    {
        fixture.Execute("DELETE FROM [idempotency].[record];");
        Epoch = DateTimeOffset.FromUnixTimeMilliseconds((long)fixture.Ask("SELECT DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME());")!);
        return Task.CompletedTask;
    }

    protected override Task JumpAsync(TimeSpan time)
    {
        var by = (long)time.TotalMilliseconds;
        fixture.Execute($"UPDATE [idempotency].[record] SET lease_until = lease_until - {by}, expires_at = expires_at - {by}, created_at = created_at - {by};");
        Epoch -= time;
        return Task.CompletedTask;
    }

    protected override Task<string?> FindLeftoversAsync()
    {
        var orphans = (int)fixture.Ask("SELECT COUNT(*) FROM [idempotency].[answer] AS a LEFT JOIN [idempotency].[record] AS r ON r.id = a.id AND r.state = 2 WHERE r.id IS NULL;")!;
        return Task.FromResult(orphans == 0 ? null : $"{orphans} answers of no completed record");
    }
}

[NeedsSqlServer]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerModelTests(GivenDatabase fixture) : SqlServerModelContract(fixture), IClassFixture<GivenDatabase>;

[NeedsOtherIsolation]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerOtherIsolationModelTests(OtherIsolationDatabase fixture) : SqlServerModelContract(fixture), IClassFixture<OtherIsolationDatabase>;
