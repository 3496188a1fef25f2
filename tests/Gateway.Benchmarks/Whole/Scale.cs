using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Stores.Redis;
using Gateway.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using StackExchange.Redis;

namespace Gateway.Benchmarks.Whole;

/// <summary>What a store does with more and more live records in it: whether its verbs stay as fast, what a record takes, and how long a start takes.</summary>
internal sealed class Scale(DirectoryInfo folder, int largest, IReadOnlyList<string> stores)
{
    private const int Callers = 64;
    private const int AnswerSize = 256;
    private const int Swept = 1_000_000;

    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Retention = TimeSpan.FromDays(1);
    private static readonly byte[] Answer = new byte[AnswerSize];

    private readonly StringBuilder _rows = new();
    private long _beside; // records that measuring has made
    private readonly List<string> _notes = [];

    public async Task<string> RunAsync()
    {
        int[] sizes = [.. new[] { 1_000, 100_000, largest }.Where(size => size <= largest).Distinct()];
        foreach (var store in stores)
        {
            await (store switch
            {
                "Memory" => MeasureMemoryAsync(sizes),
                "Sqlite" => MeasureSqliteAsync(sizes),
                "Redis" => MeasureRedisAsync(sizes),
                _ => throw new ArgumentException($"--store {store} is none of {string.Join(", ", BenchSite.Stores)}."),
            });
        }

        return $"""
            | store | live records | begin p50 | begin p99 | new keys/s | replays/s | bytes per record |
            |---|---|---|---|---|---|---|
            {_rows}
            Answers of {AnswerSize} bytes, {Callers} callers of the store itself, without HTTP. {string.Join(" ", _notes)}

            """;
    }

    private async Task MeasureMemoryAsync(int[] sizes)
    {
        foreach (var size in sizes)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            _beside = 0; // this store is so fast that what measuring adds would soon be most of it
            var store = new InMemoryStore(TimeProvider.System);
            for (var filled = 0; filled < size; filled++)
            {
                await RunOneAsync(store, KeyOf(filled));
            }

            await MeasureAsync("Memory", store, size, () => Task.FromResult(GC.GetTotalMemory(forceFullCollection: true) - before));
        }
    }

    private async Task MeasureSqliteAsync(int[] sizes)
    {
        var options = new SqliteStoreOptions { Path = Path.Combine(folder.FullName, "scale.db") };
        _beside = 0;
        var filled = 0;
        foreach (var size in sizes)
        {
            using (new SqliteStore(options, TimeProvider.System))
            {
                // Makes the tables.
            }

            Fill(options.Path, filled, size);
            filled = size;
            var started = Stopwatch.GetTimestamp();
            using var store = new SqliteStore(options, TimeProvider.System);
            await store.BeginAsync(Request(KeyOf(0)));
            var start = Stopwatch.GetElapsedTime(started);
            await MeasureAsync("Sqlite", store, size, () => Task.FromResult(new FileInfo(options.Path).Length));
            if (size == largest)
            {
                _notes.Add(string.Create(CultureInfo.InvariantCulture, $"Sqlite opens {size} records and answers the first begin after {start.TotalSeconds:0.00} s."));
                if (size > Swept)
                {
                    await MeasureSweepAsync(store, options.Path);
                }
            }
        }
    }

    private async Task MeasureRedisAsync(int[] sizes)
    {
        var (server, configuration) = await BenchServer.StartRedisAsync(BenchOptions.Alone(folder), appendOnly: "no");
        using var started = server;
        _beside = 0;
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{configuration},allowAdmin=true");
        var options = new RedisStoreOptions { Configuration = configuration };
        var store = new RedisStore(redis, options, TimeProvider.System);
        var keys = new RedisKeyspace(redis, 0, options.KeyPrefix);
        var before = await UsedAsync(redis);
        var filled = 0;
        foreach (var size in sizes)
        {
            while (filled < size)
            {
                var batch = new List<Task>();
                for (; filled < size && batch.Count < 10_000; filled++)
                {
                    var value = RedisRecord.InFlight(Request(KeyOf(filled)), TimeProvider.System.GetUtcNow());
                    value[1] = (byte)RecordState.Completed;
                    batch.Add(redis.GetDatabase().StringSetAsync(keys.KeyOf(KeyOf(filled)), (byte[])[.. value, .. Answer], Retention));
                }

                await Task.WhenAll(batch);
            }

            await MeasureAsync("Redis", store, size, async () => await UsedAsync(redis) - before);
        }
    }

    private async Task MeasureAsync(string name, IIdempotencyStore store, int size, Func<Task<long>> bytes)
    {
        Console.Error.WriteLine($"{name}: {size} records");
        var perRecord = (double)await bytes() / (size + _beside);
        var latencies = new List<double>[Callers];
        var first = Interlocked.Add(ref _fresh, 100_000_000);
        var news = await LoopAsync(Slice, async (caller, i) =>
        {
            var request = Request(KeyOf(first + (caller * 1_000_000L) + i));
            var started = Stopwatch.GetTimestamp();
            Require(await store.BeginAsync(request), BeginOutcome.Claimed);
            (latencies[caller] ??= []).Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            await store.CompleteAsync(request.Key, request.Claim, Answer);
        });
        _beside += latencies.Sum(some => some?.Count ?? 0);
        var replays = await LoopAsync(Slice, async (caller, i) => Require(await store.BeginAsync(Request(KeyOf(((caller * 7_919L) + (i * 104_729L)) % size))), BeginOutcome.Completed));
        var sorted = latencies.SelectMany(some => some ?? []).Order().ToArray();
        _rows.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {size} | {sorted[sorted.Length / 2]:0} µs | {sorted[sorted.Length * 99 / 100]:0} µs | {news:0} | {replays:0} | {perRecord:0} |");
    }

    /// <summary>A million records expire while new ones come: in turns with and without the sweeper.</summary>
    private async Task MeasureSweepAsync(SqliteStore store, string path)
    {
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            using var expire = connection.CreateCommand();
            expire.CommandText = $"UPDATE record SET expires_at = 1 WHERE id <= {Swept}";
            expire.ExecuteNonQuery();
        }

        var (with, without, removed) = (new List<double>(), new List<double>(), 0);
        for (var round = 0; round < 6; round++)
        {
            var isSwept = round % 2 == 1;
            using var stop = new CancellationTokenSource();
            var sweeping = isSwept ? SweepAsync(stop.Token) : Task.CompletedTask;
            var first = Interlocked.Add(ref _fresh, 100_000_000);
            (isSwept ? with : without).Add(await LoopAsync(Slice, async (caller, i) => await RunOneAsync(store, KeyOf(first + (caller * 1_000_000L) + i))));
            await stop.CancelAsync();
            await sweeping;
        }

        _notes.Add(string.Create(CultureInfo.InvariantCulture, $"New keys/s while a million of them are swept, against without: {Spread.Of(with).Median / Spread.Of(without).Median:0.00} ({removed / (3 * Slice.TotalSeconds):0} swept a second)."));

        async Task SweepAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                removed += await store.SweepAsync(ExpiredRecordSweeper.BatchSize);
                await Task.Delay(ExpiredRecordSweeper.BetweenBatches, CancellationToken.None);
            }
        }
    }

    /// <returns>Calls a second.</returns>
    private static async Task<double> LoopAsync(TimeSpan duration, Func<int, int, Task> call)
    {
        var counts = new long[Callers];
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; Stopwatch.GetElapsedTime(started) < duration; i++)
            {
                await call(caller, i);
                counts[caller]++;
                if (i % 64 == 63)
                {
                    await Task.Yield(); // a store that answers at once would leave the others no thread
                }
            }
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void Fill(string path, int from, int to)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        using var record = connection.CreateCommand();
        record.CommandText = """
            INSERT INTO record (key, state, claim, fingerprint, lease_until, expires_at, retention, created_at, operation, client_key, actor)
            VALUES ($key, 2, $claim, $fingerprint, $now, $now + 86400000, 86400000, $now, 'pay', $client_key, $actor) RETURNING id
            """;
        using var answer = connection.CreateCommand();
        answer.CommandText = "INSERT INTO answer (id, bytes) VALUES ($id, $bytes)";
        foreach (var (name, value) in new (string, object)[] { ("$key", Answer), ("$claim", new byte[16]), ("$fingerprint", new byte[48]), ("$now", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), ("$client_key", ""), ("$actor", new byte[16]) })
        {
            record.Parameters.AddWithValue(name, value);
        }

        answer.Parameters.AddWithValue("$id", 0L);
        answer.Parameters.AddWithValue("$bytes", Answer);
        record.Prepare();
        answer.Prepare();
        for (var i = from; i < to; i++)
        {
            record.Parameters[0].Value = Gateway.Stores.Sqlite.SqliteBlob.Of(KeyOf(i));
            record.Parameters[4].Value = string.Create(CultureInfo.InvariantCulture, $"{i:D36}");
            answer.Parameters[0].Value = record.ExecuteScalar();
            answer.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static async Task RunOneAsync(IIdempotencyStore store, RecordKey key)
    {
        var request = Request(key);
        Require(await store.BeginAsync(request), BeginOutcome.Claimed);
        await store.CompleteAsync(request.Key, request.Claim, Answer);
    }

    private static void Require(in BeginResult found, BeginOutcome wanted)
    {
        if (found.Outcome != wanted)
        {
            throw new InvalidOperationException($"A begin found {found.Outcome}, not {wanted}.");
        }
    }

    private static BeginRequest Request(RecordKey key) => new()
    {
        Key = key,
        Claim = ClaimToken.New(),
        Fingerprint = default,
        Lease = TimeSpan.FromSeconds(30),
        Retention = Retention,
        Label = new RecordLabel("pay", "00000000-0000-0000-0000-000000000000", 0),
    };

    /// <summary>Scattered as digests are.</summary>
    private static RecordKey KeyOf(long number) => new(new UInt128((ulong)number * 0x9E3779B97F4A7C15, (ulong)number));

    private static long _fresh = 1_000_000_000;

    private static async Task<long> UsedAsync(ConnectionMultiplexer redis) =>
        long.Parse((await redis.GetServers()[0].InfoAsync("memory"))[0].Single(pair => pair.Key == "used_memory").Value, CultureInfo.InvariantCulture);
}
