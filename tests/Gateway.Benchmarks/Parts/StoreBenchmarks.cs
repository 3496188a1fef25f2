using BenchmarkDotNet.Attributes;
using Gateway.Benchmarks.Whole;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Stores.Redis;
using Gateway.Stores.Sqlite;
using StackExchange.Redis;

namespace Gateway.Benchmarks.Parts;

/// <summary>One caller, one verb after the other: what a request waits for. With many callers see <see cref="Scale"/>.</summary>
[MemoryDiagnoser]
public class StoreBenchmarks
{
    private static readonly byte[] Answer = new byte[1200];

    private DirectoryInfo _folder = null!;
    private BenchServer? _server;
    private ConnectionMultiplexer? _redis;
    private IIdempotencyStore _store = null!;
    private BeginRequest _completed = null!;

    [Params("Memory", "Sqlite", "Redis")]
    public string Store { get; set; } = "";

    [GlobalSetup]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("gateway-benchmark-");
        switch (Store)
        {
            case "Memory":
                _store = new InMemoryStore(TimeProvider.System);
                break;
            case "Sqlite":
                _store = new SqliteStore(new SqliteStoreOptions { Path = Path.Combine(_folder.FullName, "store.db") }, TimeProvider.System);
                break;
            case "Redis":
                (_server, var configuration) = await BenchServer.StartRedisAsync(BenchOptions.Alone(_folder));
                _redis = await ConnectionMultiplexer.ConnectAsync(configuration);
                _store = new RedisStore(_redis, new RedisStoreOptions { Configuration = configuration }, TimeProvider.System);
                break;
        }

        _completed = await NewKeyAsync();
        if (await ReplayAsync() != Answer.Length)
        {
            throw new InvalidOperationException("The answer is not the one that was given.");
        }
    }

    [GlobalCleanup]
    public void Stop()
    {
        (_store as IDisposable)?.Dispose();
        _redis?.Dispose();
        _server?.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Begin and complete.</summary>
    [Benchmark]
    public async Task<BeginRequest> NewKeyAsync()
    {
        var request = Request();
        if ((await _store.BeginAsync(request)).Outcome != BeginOutcome.Claimed || !await _store.CompleteAsync(request.Key, request.Claim, Answer))
        {
            throw new InvalidOperationException("A new key was not claimed and completed.");
        }

        return request;
    }

    [Benchmark]
    public async Task<int> ReplayAsync() => (await _store.BeginAsync(_completed with { Claim = ClaimToken.New() })).Answer.Length;

    [Benchmark]
    public async Task<bool> BeginAndReleaseAsync()
    {
        var request = Request();
        await _store.BeginAsync(request);
        return await _store.ReleaseAsync(request.Key, request.Claim);
    }

    private static BeginRequest Request() => new()
    {
        Key = new RecordKey(ClaimToken.New().Value),
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromDays(1),
        Label = new RecordLabel("confirm-payment", "8e03978e-40d5-43e8-bc93-6894a57f9324", 0),
    };
}
