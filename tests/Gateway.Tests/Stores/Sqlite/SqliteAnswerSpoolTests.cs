using Gateway.Stores;
using Gateway.Stores.Sqlite;
using Gateway.Stores.Sqlite.Spool;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>What goes into the spool comes out of it: after a crash, through another process, and never more than it may hold.</summary>
public sealed class SqliteAnswerSpoolTests : IDisposable
{
    private static readonly DateTimeOffset Tomorrow = new(2026, 1, 3, 3, 4, 5, 678, TimeSpan.Zero);

    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_field_comes_back_as_it_was_given()
    {
        using var spool = Open();
        var answer = new SpooledAnswer(
            new RecordKey(new UInt128(0x8102030405060708, 0x090a0b0c0d0e0f10)),
            new ClaimToken(new UInt128(0x9112131415161718, 0x191a1b1c1d1e1f20)),
            new Fingerprint(UInt128.MaxValue, 2, new UInt128(3, 4)),
            Tomorrow,
            Enumerable.Range(0, 256).Select(i => (byte)i).ToArray())
        {
            Label = new RecordLabel("confirm-payment", "order-1", new UInt128(5, 6)),
        };

        var number = await spool.AddAsync(answer);

        Assert.Equal(new SpoolEntry(number, answer.Key, answer.Claim, answer.Fingerprint, Tomorrow, 256) { Label = answer.Label }, Assert.Single(await spool.ListAsync(0, 10)));
        Assert.Equal(answer.Answer.ToArray(), await spool.ReadAsync(number));
    }

    [Fact]
    public async Task An_answer_without_a_byte_is_an_answer()
    {
        using var spool = Open();

        var number = await spool.AddAsync(Answer(0));

        Assert.Equal(Array.Empty<byte>(), await spool.ReadAsync(number));
    }

    [Fact]
    public async Task Numbers_grow_and_none_is_used_again()
    {
        var numbers = new List<long> { 0 };
        for (var opening = 0; opening < 2; opening++)
        {
            using var spool = Open();
            for (var i = 0; i < 3; i++)
            {
                var number = await spool.AddAsync(Answer(1));
                Assert.True(number > numbers[^1]);
                numbers.Add(number);
                await spool.RemoveAsync(number); // the last and only row, whose number SQLite would give out again
            }
        }
    }

    [Fact]
    public async Task The_list_is_read_in_pages()
    {
        using var spool = Open();
        var numbers = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            numbers.Add(await spool.AddAsync(Answer(i)));
        }

        await spool.RemoveAsync(numbers[2]);

        Assert.Equal([numbers[0], numbers[1]], await NumbersAsync(spool, after: 0, limit: 2));
        Assert.Equal([numbers[3], numbers[4]], await NumbersAsync(spool, after: numbers[1], limit: 2));
        Assert.Empty(await NumbersAsync(spool, after: numbers[4], limit: 2));
    }

    [Fact]
    public async Task What_was_removed_is_not_there_and_removing_it_again_changes_nothing()
    {
        using var spool = Open();
        var (gone, kept) = (await spool.AddAsync(Answer(1)), await spool.AddAsync(Answer(1)));

        await spool.RemoveAsync(gone);
        await spool.RemoveAsync(gone);

        Assert.Null(await spool.ReadAsync(gone));
        Assert.Equal([kept], await NumbersAsync(spool));
    }

    [Fact]
    public async Task What_waits_survives_closing_and_opening_again()
    {
        long number;
        using (var spool = Open())
        {
            number = await spool.AddAsync(Answer(0) with { Answer = "answer"u8.ToArray() });
        }

        using var again = Open();
        Assert.Equal("answer"u8.ToArray(), await again.ReadAsync(number));
    }

    [Fact]
    public async Task What_waits_survives_a_process_that_never_closed_the_file()
    {
        using var killed = Open();
        var number = await killed.AddAsync(Answer(0) with { Answer = "answer"u8.ToArray() });

        // What a crash leaves: the files as they are on the disk now, the log not folded in.
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(_folder.File + suffix, _folder.PathOf("left.db" + suffix));
        }

        using var next = Open("left.db");
        Assert.Equal("answer"u8.ToArray(), await next.ReadAsync(number));
        Assert.Equal([number], await NumbersAsync(next));
    }

    [Fact]
    public async Task Two_on_one_file_see_each_others_entries_and_never_use_a_number_twice()
    {
        using var left = Open();
        using var right = Open();

        var numbers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () => await (i % 2 == 0 ? left : right).AddAsync(Answer(1)))));

        Assert.Equal(numbers.Order(), await NumbersAsync(left));
        Assert.Equal(numbers.Order(), await NumbersAsync(right));
        await left.RemoveAsync(numbers[1]);
        Assert.Null(await right.ReadAsync(numbers[1]));
    }

    [Fact]
    public async Task Two_on_one_file_share_its_bound()
    {
        using var left = Open(maxSize: 100);
        using var right = Open(maxSize: 100);
        await left.AddAsync(Answer(60));

        await Assert.ThrowsAsync<SpoolFullException>(async () => await right.AddAsync(Answer(41)));
        await right.AddAsync(Answer(40));
        await Assert.ThrowsAsync<SpoolFullException>(async () => await left.AddAsync(Answer(1)));
    }

    [Fact]
    public async Task It_takes_its_last_byte_and_not_one_more()
    {
        using var spool = Open(maxSize: 100);
        var first = await spool.AddAsync(Answer(60));

        var full = await Assert.ThrowsAsync<SpoolFullException>(async () => await spool.AddAsync(Answer(41)));
        Assert.Equal("The spool holds its 100 bytes already.", full.Message);
        var second = await spool.AddAsync(Answer(40));
        Assert.Equal([first, second], await NumbersAsync(spool)); // nothing is left of the one that was refused

        await spool.RemoveAsync(first);
        await Assert.ThrowsAsync<SpoolFullException>(async () => await spool.AddAsync(Answer(61)));
        await spool.AddAsync(Answer(60));
    }

    [Fact]
    public async Task How_full_it_is_survives_closing_and_opening_again()
    {
        using (var spool = Open(maxSize: 100))
        {
            await spool.AddAsync(Answer(60));
        }

        using var again = Open(maxSize: 100);
        await Assert.ThrowsAsync<SpoolFullException>(async () => await again.AddAsync(Answer(41)));
        await again.AddAsync(Answer(40));
    }

    [Fact]
    public async Task Many_at_once_are_all_kept_up_to_the_bound()
    {
        const int Fit = 300;
        using var spool = Open(maxSize: Fit * 10);

        var added = await Task.WhenAll(Enumerable.Range(0, 2 * Fit).Select(i => Task.Run(async () =>
        {
            try
            {
                var bytes = new byte[10];
                BitConverter.TryWriteBytes(bytes, i);
                return (Number: await spool.AddAsync(Answer(0) with { Answer = bytes }), Value: i);
            }
            catch (SpoolFullException)
            {
                return (Number: 0, Value: i);
            }
        })));

        using var other = Open();
        var kept = added.Where(one => one.Number > 0).ToList();
        Assert.Equal(Fit, kept.Count);
        Assert.Equal(kept.Select(one => one.Number).Order(), await NumbersAsync(other));
        foreach (var (number, value) in kept)
        {
            Assert.Equal(value, BitConverter.ToInt32(await other.ReadAsync(number)));
        }
    }

    [Fact]
    public async Task A_row_holds_what_the_format_says()
    {
        using var spool = Open();
        await spool.AddAsync(new SpooledAnswer(new RecordKey(1), new ClaimToken(2), new Fingerprint(3, 4, 5), Tomorrow, new byte[] { 1, 0, 255 }) { Label = new RecordLabel("pay", "k", 6) });

        using var look = _folder.Connect();
        Assert.Equal(
            "1|a store|00000000000000000000000000000001|00000000000000000000000000000002"
            + "|000000000000000000000000000000030000000000000000000000000000000400000000000000000000000000000005|1767409445678|pay|k|00000000000000000000000000000006|3|0100FF",
            look.Ask("SELECT concat_ws('|', number, store, hex(key), hex(claim), hex(fingerprint), expires_at, operation, client_key, hex(actor), size, hex(answer)) FROM spool"));
    }

    [Fact]
    public async Task Entries_of_another_store_stay_where_they_are_until_they_expire()
    {
        var clock = new FakeTimeProvider(Tomorrow.AddDays(-1));
        long number;
        using (var spool = Of("a store"))
        {
            number = await spool.AddAsync(Answer(10));
        }

        using (var spool = Of("another store"))
        {
            Assert.Empty(await spool.ListAsync(0, 10));
            await spool.AddAsync(Answer(20));
        }

        using (var spool = Of("a store"))
        {
            Assert.Equal([number], await NumbersAsync(spool));
        }

        clock.Advance(TimeSpan.FromDays(7)); // a clock may have been wrong
        using (var spool = Of("another store"))
        {
            Assert.Equal(1, await spool.CountOthersAsync());
        }

        clock.Advance(TimeSpan.FromDays(1));
        using (var spool = Of("another store"))
        {
            Assert.Equal(0, await spool.CountOthersAsync());
            using var look = _folder.Connect();
            Assert.Equal("another store", look.Ask("SELECT group_concat(store) FROM spool")); // its own expire by its own pass
            Assert.Equal(20L, look.Ask("SELECT size FROM total"));
        }

        SqliteAnswerSpool Of(string store) => new(Options() with { Store = store }, TimeSpan.FromSeconds(20), clock);
    }

    [Fact]
    public void The_container_closes_the_file()
    {
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSqliteAnswerSpool(_ => Options(), TimeSpan.FromSeconds(20)).BuildServiceProvider();
        Assert.IsType<SqliteAnswerSpool>(services.GetRequiredService<IAnswerSpool>());
        Assert.True(File.Exists(_folder.File + "-wal"));

        services.Dispose();

        Assert.False(File.Exists(_folder.File + "-wal")); // the last connection has folded the log into the file
    }

    private static async Task<IEnumerable<long>> NumbersAsync(SqliteAnswerSpool spool, long after = 0, int limit = int.MaxValue) =>
        (await spool.ListAsync(after, limit)).Select(entry => entry.Number);

    private static SpooledAnswer Answer(int size) => new(new RecordKey(ClaimToken.New().Value), ClaimToken.New(), new Fingerprint(1, 2, 3), Tomorrow, new byte[size]);

    private SqliteAnswerSpool Open(string name = "idempotency.db", long maxSize = 1 << 20) => new(Options(name, maxSize), TimeSpan.FromSeconds(20), TimeProvider.System);

    private AnswerSpoolOptions Options(string name = "idempotency.db", long maxSize = 1 << 20) => new() { Path = _folder.PathOf(name), Store = "a store", MaxSize = maxSize };
}
