using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary>What is Redis's own about looking at records: SCAN among other keys, places of other servers, damaged values.</summary>
[NeedsRedis]
public sealed class RedisInspectorTests(RedisServerFixture fixture) : IClassFixture<RedisServerFixture>
{
    private readonly string _prefix = $"{Guid.NewGuid():N}:";

    private IDatabase Database => fixture.Redis.GetDatabase();

    [ServerTheory]
    [InlineData("a*")]
    [InlineData("a?c")]
    [InlineData("[a-c]")]
    [InlineData("[^b]")]
    [InlineData(@"a\")]
    [InlineData(@"\*")]
    [InlineData("{tag}:")]
    [InlineData("größe:")]
    [InlineData("")]
    public async Task A_prefix_is_taken_as_it_is_written(string pattern)
    {
        // What the pattern would find if it were one.
        var store = Open(_prefix + pattern);
        var (own, other) = (new RecordKey(5), new RecordKey(6));
        await store.BeginAsync(Request(own));
        foreach (var near in (string[])["ab", "abc", "b", "a", "x", "*"])
        {
            await Open(_prefix + near).BeginAsync(Request(other));
        }

        Assert.Equal([own], (await WalkAsync(store)).Select(record => record.Key));
        Assert.Equal([own], await store.FindAsync(0));
        Assert.Equal(1, await store.CountAsync());
    }

    [ServerFact]
    public async Task Other_keys_under_the_prefix_are_not_looked_at_as_records()
    {
        var store = Open(_prefix);
        await store.BeginAsync(Request(new RecordKey(5)));
        foreach (var name in (string[])["", "0", "0000000000000000000000000000000", "000000000000000000000000000000051", "0000000000000000000000000000000A", "0000000000000000000000000000000g", "0000000000000000:00000000000000a"])
        {
            await Database.StringSetAsync(_prefix + name, "something else");
        }

        Assert.Equal([new RecordKey(5)], (await WalkAsync(store)).Select(record => record.Key));
        Assert.Equal(1, await store.CountAsync());
        Assert.Equal([new RecordKey(5)], await store.FindAsync(0));
    }

    [ServerFact]
    public async Task A_walk_comes_past_damaged_records_and_what_is_no_record_at_all()
    {
        var store = Open(_prefix);
        var whole = new RecordKey(1);
        await store.BeginAsync(Request(whole));
        var value = (byte[])(await Database.StringGetAsync(KeyOf(whole)))!;
        var day = TimeSpan.FromDays(1);
        await Database.StringSetAsync(KeyOf(new RecordKey(2)), value[..50], day);
        await Database.StringSetAsync(KeyOf(new RecordKey(3)), (byte[])[9, .. value[1..]], day);
        await Database.StringSetAsync(KeyOf(new RecordKey(4)), (byte[])[.. value, 0], day);
        await Database.StringSetAsync(KeyOf(new RecordKey(5)), value[..^1], day);
        await Database.StringSetAsync(KeyOf(new RecordKey(6)), value);
        await Database.HashSetAsync(KeyOf(new RecordKey(7)), [new HashEntry("a", "b")]);
        await Database.StringSetAsync(KeyOf(new RecordKey(8)), "", day);

        Assert.Equal([whole], (await WalkAsync(store)).Select(record => record.Key));
        Assert.Equal([whole], (await WalkAsync(store, walk: RecordWalk.Open)).Select(record => record.Key));
        for (UInt128 key = 2; key <= 8; key++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadAsync(new RecordKey(key)));
        }
    }

    [ServerTheory]
    [InlineData(RedisRecordTests.InFlight)]
    [InlineData(RedisRecordTests.Completed)]
    [InlineData(RedisRecordTests.Unknown)]
    public async Task A_damaged_record_is_neither_resolved_nor_deleted(string hex)
    {
        var store = Open(_prefix);
        var (key, whole) = (new RecordKey(1), Convert.FromHexString(hex));
        var label = 84 + 42;
        var lasting = TimeSpan.FromHours(1); // below the retention: nothing of it is a lease
        List<byte[]> damaged = [.. Enumerable.Range(0, label).Select(length => whole[..length])];
        damaged.AddRange(((int[])[0, 2, 9, 255]).Select(version => (byte[])[(byte)version, .. whole[1..]]));
        damaged.AddRange(((int[])[0, 4, 9, 255]).Select(state => (byte[])[whole[0], (byte)state, .. whole[2..]]));
        damaged.AddRange(whole.Length == label ? [[.. whole, 0]] : [[1, 1, .. whole[2..]], [1, 3, .. whole[2..]]]);
        foreach (var bytes in damaged)
        {
            await Database.StringSetAsync(KeyOf(key), bytes, lasting);
            await AssertUntouchedAsync(store, key, bytes);
        }

        await Database.StringSetAsync(KeyOf(key), whole);
        await AssertUntouchedAsync(store, key, whole);

        // Whole again, it can be: the verbs above were not refused for another reason.
        await Database.StringSetAsync(KeyOf(key), whole, lasting);
        Assert.True(await store.DeleteAsync(key, RedisRecordTests.Claim));
    }

    [ServerFact]
    public async Task The_places_of_a_server_that_is_no_more_lead_to_every_record_all_the_same()
    {
        var store = Open(_prefix);
        var keys = Enumerable.Range(1, 40).Select(i => new RecordKey((UInt128)i)).ToArray();
        foreach (var key in keys)
        {
            await store.BeginAsync(Request(key));
        }

        // Another server's cursor means nothing here: the part is looked through from its start.
        Assert.Equal(keys, (await WalkAsync(store, "All:0:12345:127.0.0.1:1")).Select(record => record.Key).Order(ByValue));

        // A part behind all that there are: they have gone into others.
        Assert.Empty(await WalkAsync(store, "All:16000:7:127.0.0.1:1"));
    }

    [ServerFact]
    public async Task A_walk_is_in_the_configured_database()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{fixture.Server.Configuration},defaultDatabase=5");
        var store = new RedisStore(redis, Options(_prefix), TimeProvider.System);
        Assert.Equal(0, await store.CountAsync()); // before any other command has chosen the database
        await store.BeginAsync(Request(new RecordKey(5)));

        Assert.Single(await WalkAsync(store));
        Assert.Single(await store.FindAsync(0));
        Assert.NotNull(await store.ReadAsync(new RecordKey(5)));
        Assert.Empty(await WalkAsync(Open(_prefix)));
    }

    [ServerFact]
    public async Task What_the_replicas_have_not_acknowledged_is_not_told_as_done()
    {
        var key = new RecordKey(5);
        var (plain, waiting) = (Open(_prefix), new RedisStore(fixture.Redis, Options(_prefix) with { WaitReplicas = 1, OperationTimeout = TimeSpan.FromMilliseconds(100) }, TimeProvider.System));
        foreach (var verb in (Func<Task<bool>>[])
            [
                () => waiting.ResolveAsync(key, RedisRecordTests.Claim, new byte[3]).AsTask(),
                () => waiting.ResolveAsync(key, RedisRecordTests.Claim, null).AsTask(),
                () => waiting.DeleteAsync(key, RedisRecordTests.Claim).AsTask(),
            ])
        {
            await Database.KeyDeleteAsync(KeyOf(key));
            await plain.BeginAsync(Request(key));
            Assert.True(await plain.MarkUnknownAsync(key, RedisRecordTests.Claim));

            await Assert.ThrowsAsync<RedisException>(verb);
        }
    }

    [ServerFact]
    public async Task A_walk_does_not_carry_the_answers()
    {
        var store = Open(_prefix);
        await store.BeginAsync(Request(new RecordKey(5)));
        Assert.True(await store.CompleteAsync(new RecordKey(5), RedisRecordTests.Claim, new byte[1 << 20]));
        await using var look = await ConnectionMultiplexer.ConnectAsync($"{fixture.Server.Configuration},allowAdmin=true");
        var before = await SentAsync(look);

        Assert.Single(await WalkAsync(store));
        Assert.Empty(await WalkAsync(store, walk: RecordWalk.Open));

        Assert.InRange(await SentAsync(look) - before, 1, 1 << 19);
    }

    [ServerFact]
    public async Task A_walk_over_the_open_records_runs_no_script_for_the_others()
    {
        var store = Open(_prefix);
        for (UInt128 key = 1; key <= 5; key++)
        {
            await store.BeginAsync(Request(new RecordKey(key)));
            Assert.True(key == 5 || await store.CompleteAsync(new RecordKey(key), RedisRecordTests.Claim, new byte[3]));
        }

        await using var look = await ConnectionMultiplexer.ConnectAsync($"{fixture.Server.Configuration},allowAdmin=true");
        await WalkAsync(store, walk: RecordWalk.Open); // the server knows the script from here on
        await look.GetServers()[0].ExecuteAsync("CONFIG", "RESETSTAT");

        Assert.Equal([new RecordKey(5)], (await WalkAsync(store, walk: RecordWalk.Open)).Select(record => record.Key));

        Assert.Matches(@"cmdstat_evalsha:calls=1,", (string)(await look.GetServers()[0].ExecuteAsync("INFO", "commandstats"))!);
    }

    private static Comparer<RecordKey> ByValue { get; } = Comparer<RecordKey>.Create((left, right) => left.Value.CompareTo(right.Value));

    private static async Task<List<StoredRecord>> WalkAsync(RedisStore store, string? after = null, RecordWalk walk = RecordWalk.All)
    {
        var met = new Dictionary<RecordKey, StoredRecord>();
        do
        {
            var step = await store.ScanAsync(walk, after, limit: 100);
            foreach (var record in step.Records)
            {
                met[record.Key] = record;
            }

            after = step.Next;
        }
        while (after is not null);

        return [.. met.Values];
    }

    private async Task AssertUntouchedAsync(RedisStore store, RecordKey key, byte[] bytes)
    {
        var what = Convert.ToHexStringLower(bytes);
        Assert.False(await store.ResolveAsync(key, RedisRecordTests.Claim, new byte[3]), what);
        Assert.False(await store.ResolveAsync(key, RedisRecordTests.Claim, null), what);
        Assert.False(await store.DeleteAsync(key, RedisRecordTests.Claim), what);
        Assert.Equal(bytes, (byte[]?)await Database.StringGetAsync(KeyOf(key)) ?? []);
    }

    private static async Task<long> SentAsync(ConnectionMultiplexer redis)
    {
        var stats = (string)(await redis.GetServers()[0].ExecuteAsync("INFO", "stats"))!;
        return long.Parse(stats.Split("\r\n").Single(line => line.StartsWith("total_net_output_bytes:", StringComparison.Ordinal))["total_net_output_bytes:".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private string KeyOf(RecordKey key) => $"{_prefix}{key.Value:x32}";

    private RedisStoreOptions Options(string prefix) => new() { Configuration = fixture.Server.Configuration, KeyPrefix = prefix };

    private RedisStore Open(string prefix) => new(fixture.Redis, Options(prefix), TimeProvider.System);

    private static BeginRequest Request(RecordKey key) => RedisRecordTests.Request with { Key = key };
}
