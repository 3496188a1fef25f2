using Gateway.Stores;
using Gateway.Stores.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

/// <summary>
/// Walks at random through verbs, claims and time, on both stores at once: each is the other's model. What one test case
/// after the other does not reach, a thousand steps with few keys and few claims do.
/// </summary>
public sealed class StoresAgreeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Memory_and_sqlite_answer_the_same_at_every_step(int seed)
    {
        var random = new Random(seed);
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        using var folder = new SqliteFolder();
        using var sqlite = folder.OpenStore(clock);
        var memory = new InMemoryStore(clock);
        var seen = new HashSet<string>();

        for (var step = 0; step < 1000; step++)
        {
            var key = new RecordKey((UInt128)random.Next(4));
            var claim = new ClaimToken((UInt128)random.Next(3));
            var request = new BeginRequest
            {
                Key = key,
                Claim = claim,
                Fingerprint = new Fingerprint(0, 0, (UInt128)random.Next(4) / 3),
                Lease = TimeSpan.FromSeconds(random.Next(1, 4)),
                Retention = TimeSpan.FromSeconds(random.Next(1, 10)),
                TakeOverUnknown = random.Next(2) == 0,
                Label = new RecordLabel("confirm-payment", "order-1", 7),
            };
            var answer = BitConverter.GetBytes(step);
            Func<IIdempotencyStore, IStoreInspector, Task<string>> verb = random.Next(13) switch
            {
                <= 4 => async (store, _) => Describe(await store.BeginAsync(request)),
                5 => async (store, _) => $"renew {await store.RenewAsync(key, claim, request.Lease)}",
                6 or 7 => async (store, _) => $"complete {await store.CompleteAsync(key, claim, answer)}",
                8 => async (store, _) => $"unknown {await store.MarkUnknownAsync(key, claim)}",
                9 => async (store, _) => $"release {await store.ReleaseAsync(key, claim)}",
                10 => async (_, inspector) => $"sweep {await inspector.SweepAsync(100)}",
                11 => async (_, inspector) => $"count {await inspector.CountAsync()}",
                _ => (_, _) => Task.FromResult("wait"),
            };

            var expected = await verb(memory, memory);
            var actual = await verb(sqlite, sqlite);

            Assert.True(expected == actual, $"step {step}: memory says '{expected}', sqlite says '{actual}'");
            seen.Add(expected.Split('/')[0]);
            if (expected == "wait")
            {
                clock.Advance(TimeSpan.FromSeconds(random.Next(1, 5)));
            }
        }

        // The walk has been everywhere.
        Assert.Superset(
            new HashSet<string>
            {
                "Claimed", "InFlight", "Unknown", "Completed", "renew True", "renew False", "complete True", "complete False",
                "unknown True", "unknown False", "release True", "release False", "sweep 1",
            },
            seen);
        using var look = folder.Connect();
        Assert.Equal(0L, look.Ask("SELECT count(*) FROM answer LEFT JOIN record USING (id) WHERE record.state IS NOT 2"));
    }

    private static string Describe(BeginResult result) =>
        $"{result.Outcome}/{result.Fingerprint.Body}/{result.CreatedAt:O}/{result.LeaseRemaining}/{Convert.ToHexString(result.Answer.Span)}";
}
