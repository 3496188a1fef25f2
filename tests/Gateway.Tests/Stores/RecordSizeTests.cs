using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Stores.Sqlite;
using Gateway.Tests.Project;

using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores;

/// <summary>What a record takes, as the README tells it: a body of 1 KiB, ten usual headers, a UUID as the key.</summary>
public static partial class RecordSize
{
    private const int Records = 4000;

    /// <summary>Body, headers and frame of the answer, as it is stored.</summary>
    public const int AnswerSize = 1024 + 28 + 220;

    public static async Task FillAsync(IIdempotencyStore store)
    {
        for (var i = 0; i < Records; i += 100)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
            {
                var request = new BeginRequest
                {
                    Key = new RecordKey(ClaimToken.New().Value),
                    Claim = ClaimToken.New(),
                    Fingerprint = new Fingerprint(1, 2, 3),
                    Lease = TimeSpan.FromSeconds(30),
                    Retention = TimeSpan.FromDays(1),
                    Label = new RecordLabel("confirm-payment", Guid.NewGuid().ToString(), 7),
                };
                await store.BeginAsync(request);
                await store.CompleteAsync(request.Key, request.Claim, new byte[AnswerSize]);
            }));
        }
    }

    /// <param name="bytes">All records'.</param>
    public static void ShouldBeWhatTheReadmeSays(string store, long bytes)
    {
        var told = int.Parse(Number().Match(Repository.Rows("README.md", "sizes").Single(row => row[0] == store)[1]).Value.Replace(" ", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        var measured = (double)bytes / Records;
        Assert.True(Math.Abs(measured - told) < 0.1 * told, $"README.md says {told} bytes a record in {store}; measured: {measured:0}.");
    }

    [GeneratedRegex(@"\d[\d ]*")]
    private static partial Regex Number();
}

public sealed class SqliteRecordSizeTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_record_in_Sqlite_takes_what_the_README_says()
    {
        using (var store = new SqliteStore(_folder.Options, TimeProvider.System))
        {
            await RecordSize.FillAsync(store);
        }

        RecordSize.ShouldBeWhatTheReadmeSays("Sqlite", new FileInfo(_folder.Options.Path).Length);
    }
}

[NeedsRedis]
public sealed class RedisRecordSizeTests
{
    [ServerFact]
    public async Task A_record_in_Redis_takes_what_the_README_says()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{server.Configuration},allowAdmin=true");
        var before = await UsedAsync(redis);
        await RecordSize.FillAsync(new RedisStore(redis, new RedisStoreOptions { Configuration = server.Configuration }, TimeProvider.System));

        RecordSize.ShouldBeWhatTheReadmeSays("Redis", await UsedAsync(redis) - before);
    }

    private static async Task<long> UsedAsync(ConnectionMultiplexer redis)
    {
        var memory = (string)(await redis.GetServers()[0].ExecuteAsync("INFO", "memory"))!;
        return long.Parse(memory.Split("\r\n").Single(line => line.StartsWith("used_memory:", StringComparison.Ordinal))["used_memory:".Length..], CultureInfo.InvariantCulture);
    }
}
