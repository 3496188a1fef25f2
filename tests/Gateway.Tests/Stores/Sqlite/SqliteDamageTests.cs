using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Gateway.Stores.Sqlite.Spool;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>Rows that no gateway has written: each is an error of its own kind, never a free key, and never another answer.</summary>
public sealed class SqliteDamageTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Now);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RecordState.InFlight)]
    [InlineData(RecordState.Completed)]
    [InlineData(RecordState.Unknown)]
    public async Task A_record_with_a_value_that_cannot_be_is_an_error_and_never_claimed(RecordState state)
    {
        using var store = _folder.OpenStore(_clock);
        await ArrangeAsync(store, state);
        using var other = _folder.Connect();
        other.Ask("PRAGMA synchronous = OFF; CREATE TABLE copy AS SELECT * FROM record");
        foreach (var damage in Damages(state))
        {
            other.Ask($"DELETE FROM record; INSERT INTO record SELECT * FROM copy; UPDATE record SET {damage}");
            var before = Dump(other);
            foreach (var takeOver in (bool[])[false, true])
            {
                Assert.True(await IsUnreadableAsync(async () => await store.BeginAsync(Request(new ClaimToken(2)) with { TakeOverUnknown = takeOver })), damage);
            }

            Assert.True(await IsUnreadableAsync(async () => await store.FindCompletedAsync(new RecordKey(1))), damage);
            Assert.True(await IsUnreadableAsync(async () => await store.ReadAsync(new RecordKey(1))), damage);
            Assert.True(await IsUnreadableAsync(async () => await store.ResolveAsync(new RecordKey(1), new ClaimToken(1), null)), damage);
            Assert.True(await IsUnreadableAsync(async () => await store.ResolveAsync(new RecordKey(1), new ClaimToken(1), new byte[9])), damage);
            Assert.True(await IsUnreadableAsync(async () => await store.DeleteAsync(new RecordKey(1), new ClaimToken(1))), damage);
            Assert.Equal(before, Dump(other));
        }
    }

    [Fact]
    public async Task An_answer_that_is_gone_is_an_error()
    {
        using var store = _folder.OpenStore(_clock);
        await ArrangeAsync(store, RecordState.Completed);
        Damage("DELETE FROM answer");

        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.BeginAsync(Request(new ClaimToken(2)) with { TakeOverUnknown = true }));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadAsync(new RecordKey(1)));
    }

    [Theory]
    [InlineData("state = 9")]
    [InlineData("claim = x''")]
    [InlineData("actor = zeroblob(17)")]
    [InlineData("key = x'00'")]
    [InlineData("retention = -1")]
    [InlineData("retention = 9223372036854775807")]
    [InlineData("created_at = 253402300800000")]
    [InlineData("created_at = -9223372036854775808")]
    public async Task A_walk_comes_past_a_damaged_record_and_counts_it_as_looked_at(string damage)
    {
        using var store = _folder.OpenStore(_clock);
        for (var key = 1; key <= 3; key++)
        {
            await store.BeginAsync(Request(new ClaimToken(1)) with { Key = new RecordKey((UInt128)key) });
        }

        Damage($"UPDATE record SET {damage} WHERE id = 2");

        foreach (var walk in Enum.GetValues<RecordWalk>())
        {
            var (met, examined, steps) = (new List<int>(), 0, 0);
            for (string? after = null; steps < 10;)
            {
                var scan = await store.ScanAsync(walk, after, limit: 1);
                met.AddRange(scan.Records.Select(record => (int)record.Key.Value));
                (examined, steps) = (examined + scan.Examined, steps + 1);
                if ((after = scan.Next) is null)
                {
                    break;
                }
            }

            Assert.Equal([1, 3], met.Order());
            Assert.Equal(3, examined);
        }
    }

    [Fact]
    public async Task A_retention_that_cannot_be_is_an_error_to_one_who_reads_it()
    {
        using var store = _folder.OpenStore(_clock);
        await ArrangeAsync(store, RecordState.Unknown);
        Damage("UPDATE record SET retention = 9223372036854775807");

        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadAsync(new RecordKey(1)));
    }

    [Fact]
    public async Task A_damaged_entry_of_the_spool_is_an_error()
    {
        using var spool = new SqliteAnswerSpool(new AnswerSpoolOptions { Path = _folder.File, Store = "a store" }, TimeSpan.FromSeconds(20), _clock);
        await spool.AddAsync(new SpooledAnswer(new RecordKey(1), new ClaimToken(2), default, Now.AddDays(1), new byte[10]));
        using var other = _folder.Connect();
        other.Ask("PRAGMA synchronous = OFF; CREATE TABLE copy AS SELECT * FROM spool");
        foreach (var damage in EntryDamages)
        {
            other.Ask($"DELETE FROM spool; INSERT INTO spool SELECT * FROM copy; UPDATE spool SET {damage}");

            Assert.True(await IsUnreadableAsync(async () => await spool.ListAsync(0, 10)), damage);
        }

        other.Ask("DELETE FROM spool; INSERT INTO spool SELECT * FROM copy");
        Assert.Single(await spool.ListAsync(0, 10));
    }

    private static readonly string[] EntryDamages =
    [
        "key = x''", "key = substr(key, 2)", "key = CAST(key || x'00' AS BLOB)", "claim = x'00'", "claim = zeroblob(17)", "fingerprint = substr(fingerprint, 2)", "actor = x''",
        "expires_at = -1", "expires_at = 9223372036854775807", "expires_at = -9223372036854775808", "size = -1", "size = 2147483648",
    ];

    private static IEnumerable<string> Damages(RecordState state)
    {
        string[] states = [.. ((long[])[0, 4, -1, 255, 256, 257, 258, 259, 1L << 40, long.MinValue, long.MaxValue]).Select(number => $"state = {number}")];
        string[] blobs = [.. ((string[])["claim", "fingerprint"]).SelectMany(column => (string[])[$"{column} = x''", $"{column} = substr({column}, 2)", $"{column} = CAST({column} || x'00' AS BLOB)", $"{column} = zeroblob(100000)"])];
        string[] times = [.. ((string[])["lease_until", "created_at", "expires_at"]).SelectMany(column => (string[])[$"{column} = 9223372036854775807", $"{column} = 253402300800000", $"{column} = -9223372036854775808"])];
        return [.. states, .. blobs, .. times, .. state == RecordState.Completed ? ["state = 1", "state = 3"] : (string[])["state = 2"]];
    }

    private static async Task<bool> IsUnreadableAsync(Func<Task> call)
    {
        try
        {
            await call();
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private static async Task ArrangeAsync(SqliteStore store, RecordState state)
    {
        var own = new ClaimToken(1);
        Assert.Equal(BeginOutcome.Claimed, (await store.BeginAsync(Request(own))).Outcome);
        Assert.True(state switch
        {
            RecordState.Completed => await store.CompleteAsync(new RecordKey(1), own, new byte[] { 1, 2, 3 }),
            RecordState.Unknown => await store.MarkUnknownAsync(new RecordKey(1), own),
            _ => true,
        });
    }

    private void Damage(string sql)
    {
        using var other = _folder.Connect();
        other.Ask(sql);
    }

    private static string Dump(Microsoft.Data.Sqlite.SqliteConnection other) =>
        $"{other.Ask("SELECT group_concat(hex(key) || state || hex(claim) || hex(fingerprint) || lease_until || ' ' || expires_at || ' ' || created_at) FROM record")}";

    private static BeginRequest Request(ClaimToken claim) => new()
    {
        Key = new RecordKey(1),
        Claim = claim,
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(1),
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };
}
