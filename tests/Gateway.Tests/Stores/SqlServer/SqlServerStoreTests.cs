using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>The contract on a real server (<c>GATEWAY_TEST_SQLSERVER</c>).</summary>
public abstract class SqlServerStoreContract(SqlServerFixture fixture) : SweptStoreContract
{
    // The server may be another machine, and its clock has to pass.
    protected override TimeSpan ShortLease => TimeSpan.FromMilliseconds(800);

    protected override TimeSpan ShortRetention => TimeSpan.FromMilliseconds(1200);

    protected override TimeSpan ClockDifference => TimeSpan.FromSeconds(5);

    protected override Task<(IIdempotencyStore Store, IStoreInspector Inspector)> OpenAsync()
    {
        fixture.Execute("DELETE FROM [idempotency].[record];");
        var store = fixture.Open();
        return Task.FromResult<(IIdempotencyStore, IStoreInspector)>((store, store));
    }

    protected override Task CloseAsync() => Task.CompletedTask;

    protected override Task ElapseAsync(TimeSpan time) => Task.Delay(time + TimeSpan.FromMilliseconds(20));
}

[NeedsSqlServer]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerStoreTests(GivenDatabase fixture) : SqlServerStoreContract(fixture), IClassFixture<GivenDatabase>;

[NeedsOtherIsolation]
[Collection(SqlServerFixture.Collection)]
public sealed class SqlServerOtherIsolationTests(OtherIsolationDatabase fixture) : SqlServerStoreContract(fixture), IClassFixture<OtherIsolationDatabase>;
