using System.Text;
using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management.Records;

/// <summary>Finding records by the admin API.</summary>
public sealed class RecordSearchTests
{
    /// <summary>More than the store is asked for in one step.</summary>
    private const int Many = 530;

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Walks
    {
        get
        {
            var walks = new TheoryData<string, string>();
            foreach (var store in (string[])["Memory", "Sqlite"])
            {
                foreach (var query in (string[])["limit=500", "limit=100", "limit=7&operation=b", "limit=1&state=unknown&operation=b", "limit=1&key=key-250", "state=in-flight&limit=50", "state=completed&limit=500&operation=a", "createdAfter=2026-01-02T03:05:00Z&createdBefore=2026-01-02T03:06:00Z&limit=13"])
                {
                    walks.Add(store, query);
                }
            }

            return walks;
        }
    }

    [Theory]
    [MemberData(nameof(Walks))]
    public async Task Cursors_lead_through_everything_that_matches_exactly_once(string store, string query)
    {
        var clock = new SteppingClock(Start);
        await using var gateway = await StartAsync(store, clock);
        using var admin = new Admin(gateway);
        var seeded = await SeedAsync(gateway, clock);
        var expected = seeded.Where(record => Matches(record, query)).Select(record => record.Key).ToList();
        Assert.NotEmpty(expected);
        Assert.True(expected.Count < Many || !query.Contains('&', StringComparison.Ordinal));

        var met = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = await admin.ReadAsync($"/admin/records?{query}{(cursor is null ? "" : $"&cursor={cursor}")}");
            met.AddRange(page["records"]!.AsArray()!);
            cursor = (string?)page["next"];
        }
        while (cursor is not null);

        Assert.Equal(expected.Order(StringComparer.Ordinal), met.Select(record => (string)record["key"]!).Order(StringComparer.Ordinal));
        var ages = met.Select(record => (DateTimeOffset)record["createdAt"]!).ToList();
        Assert.Equal(query.Contains("state=unknown", StringComparison.Ordinal) || query.Contains("in-flight", StringComparison.Ordinal) ? ages.Order() : ages.OrderDescending(), ages);
    }

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task A_walk_goes_on_where_it_was_however_many_records_come_meanwhile(string store)
    {
        var clock = new SteppingClock(Start);
        await using var gateway = await StartAsync(store, clock);
        using var admin = new Admin(gateway);
        await SeedAsync(gateway, clock, count: 40, prefix: "old");
        var first = await admin.ReadAsync("/admin/records?limit=15");
        await SeedAsync(gateway, clock, count: Many, prefix: "new");

        var second = await admin.ReadAsync($"/admin/records?limit=500&cursor={first["next"]}");

        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(i => $"old-{i}"), second["records"]!.AsArray().Select(record => (string)record!["key"]!));
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task A_record_that_was_shown_last_and_is_gone_does_not_end_the_walk()
    {
        await using var stuck = await StuckKey.StartAsync();
        foreach (var key in (string[])["k2", "k3", "k4"])
        {
            using var lost = await stuck.LoseAsync(key);
        }

        var first = await stuck.Admin.ReadAsync("/admin/records?state=unknown&limit=2");
        var last = first["records"]![1]!;
        using var deleted = await stuck.Admin.DeleteAsync(last);
        await deleted.ShouldBeAsync(204);

        var second = await stuck.Admin.ReadAsync($"/admin/records?state=unknown&cursor={first["next"]}");

        Assert.Equal(["k3", "k4"], second["records"]!.AsArray().Select(record => (string)record!["key"]!).Where(key => key is "k3" or "k4"));
    }

    [Theory]
    [InlineData("state=open", "Write in-flight, completed or unknown.")]
    [InlineData("state=", "Write in-flight, completed or unknown.")]
    [InlineData("limit=0", "a number from 1 to 500")]
    [InlineData("limit=501", "a number from 1 to 500")]
    [InlineData("limit=-1", "a number from 1 to 500")]
    [InlineData("limit=abc", "limit is not what it should be")]
    [InlineData("limit=99999999999999", "limit is not what it should be")]
    [InlineData("createdAfter=yesterday", "createdAfter is not what it should be")]
    [InlineData("createdBefore=2026-13-01T00:00:00Z", "createdBefore is not what it should be")]
    [InlineData("cursor=x", "The cursor cannot be read")]
    [InlineData("cursor=%00", "The cursor cannot be read")]
    [InlineData("cursor=%C3%A9", "The cursor cannot be read")]
    [InlineData("cursor=ICA", "The cursor cannot be read")] // two blanks
    [InlineData("cursor=IEFsbDp4Onk", "The cursor cannot be read")] // All:x:y
    public async Task What_cannot_be_read_is_said(string query, string problem)
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        using var answer = await admin.Client.GetAsync($"/admin/records?{query}");
        await answer.ShouldBeProblemAsync(400, problem);
    }

    [Fact]
    public async Task A_cursor_of_another_walk_is_refused()
    {
        await using var stuck = await StuckKey.StartAsync();
        using var second = await stuck.LoseAsync("k2");
        var page = await stuck.Admin.ReadAsync("/admin/records?state=unknown&limit=1");
        Assert.NotNull(page["next"]);
        var further = await stuck.Admin.ReadAsync($"/admin/records?state=unknown&cursor={page["next"]}");
        Assert.Equal("k2", (string?)Assert.Single(further["records"]!.AsArray())!["key"]);
        var step = Convert.ToBase64String(Encoding.UTF8.GetBytes(" Open:1:00000000000000000000000000000001")).TrimEnd('=');
        using var answer = await stuck.Admin.Client.GetAsync($"/admin/records?cursor={step}");
        await answer.ShouldBeProblemAsync(400, "The cursor cannot be read");
    }

    [Fact]
    public async Task Nobody_finds_the_stores_own_self_test_unless_by_its_name()
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        await gateway.Services.GetRequiredService<IIdempotencyStore>().BeginAsync(Seed(0, "(self-test)", "own"));
        Assert.Empty((await admin.ReadAsync("/admin/records"))["records"]!.AsArray());
        Assert.Single((await admin.ReadAsync("/admin/records?operation=(self-test)&key=own"))["records"]!.AsArray());
    }

    [Fact]
    public async Task A_store_that_hangs_does_not_hang_who_looks_and_one_that_fails_is_503()
    {
        FaultyInspector inspector = null!;
        await using var gateway = await TestGateway.StartAsync(
            "http://localhost:1/", idempotency: """{ "Stores": { "OperationTimeout": "00:00:00.2" } }""",
            configure: builder => builder.Services.AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>())));
        using var admin = new Admin(gateway);
        await admin.ReadAsync("/admin/records");
        foreach (var fault in (Task[])[new TaskCompletionSource().Task, Task.FromException(new IOException("Server=sql1;Password=s3cret"))])
        {
            inspector.Before = _ => fault;
            foreach (var path in (string[])["/admin/records", $"/admin/records/{new string('a', 32)}", $"/admin/records/{new string('a', 16)}"])
            {
                using var answer = await admin.Client.GetAsync(path);
                await answer.ShouldBeProblemAsync(503, "The store did not answer");
                Assert.DoesNotContain("s3cret", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    private static bool Matches((string Key, string Operation, string State, DateTimeOffset At) record, string query)
    {
        var values = query.Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        return (!values.TryGetValue("operation", out var operation) || record.Operation == operation)
            && (!values.TryGetValue("state", out var state) || record.State == state)
            && (!values.TryGetValue("key", out var key) || record.Key == key)
            && (!values.TryGetValue("createdAfter", out var after) || record.At >= DateTimeOffset.Parse(after, null))
            && (!values.TryGetValue("createdBefore", out var before) || record.At < DateTimeOffset.Parse(before, null));
    }

    /// <summary>One a second: each third completed, each seventh of the rest unknown; every 30th of operation b.</summary>
    private static async Task<List<(string Key, string Operation, string State, DateTimeOffset At)>> SeedAsync(TestGateway gateway, SteppingClock clock, int count = Many, string prefix = "key")
    {
        var store = gateway.Services.GetRequiredService<IIdempotencyStore>();
        var seeded = new List<(string, string, string, DateTimeOffset)>();
        for (var i = 0; i < count; i++)
        {
            clock.Now += TimeSpan.FromSeconds(1);
            var (operation, key) = (i % 30 == 0 ? "b" : "a", $"{prefix}-{i}");
            var seed = Seed(i, operation, key);
            await store.BeginAsync(seed);
            var state = i % 3 == 0 ? "unknown" : i % 7 == 0 ? "completed" : "in-flight";
            if (state != "in-flight")
            {
                Assert.True(state == "unknown" ? await store.MarkUnknownAsync(seed.Key, seed.Claim) : await store.CompleteAsync(seed.Key, seed.Claim, new byte[] { 1 }));
            }

            seeded.Add((key, operation, state, clock.Now));
        }

        return seeded;
    }

    private static BeginRequest Seed(int number, string operation, string key) => new()
    {
        Key = new RecordKey((UInt128)(uint)(key + number).GetHashCode(StringComparison.Ordinal) << 96 | (UInt128)(uint)number),
        Claim = ClaimToken.New(),
        Fingerprint = default,
        Lease = TimeSpan.FromDays(1),
        Retention = TimeSpan.FromDays(1),
        Label = new RecordLabel(operation, key, 1),
    };

    private static async Task<TestGateway> StartAsync(string store, SteppingClock clock)
    {
        var gateway = await TestGateway.StartAsync("http://localhost:1/", store: store, configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        await EndToEnd.StoreTests.ReadyAsync(gateway);
        return gateway;
    }

    /// <summary>The wall clock is the test's; timers are the machine's.</summary>
    private sealed class SteppingClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
