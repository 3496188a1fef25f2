using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores;

/// <summary>Looking at records: one, those of a digest, and all of them step by step.</summary>
public abstract partial class StoreContract
{
    /// <summary>False: a step may look at a few more than it is told, and no record is met twice only where the store can say so (Redis).</summary>
    protected virtual bool WalksExactly => true;

    /// <summary>How far the store's clock may be from the one that a test compares with.</summary>
    protected virtual TimeSpan ClockDifference => TimeSpan.Zero;

    [ServerTheory]
    [InlineData(Was.InFlight, RecordState.InFlight)]
    [InlineData(Was.Lapsed, RecordState.Unknown)]
    [InlineData(Was.Unknown, RecordState.Unknown)]
    [InlineData(Was.Completed, RecordState.Completed)]
    public async Task A_record_is_read_as_every_reader_sees_it(Was state, RecordState seen)
    {
        var key = NewKey();
        var claim = await ArrangeAsync(key, state);

        var read = (await Inspector.ReadAsync(key))!;

        Assert.Equal((key, seen, claim, Retention), (read.Key, read.State, read.Claim, read.Retention));
        Assert.Equal(new RecordLabel("confirm-payment", "order-1", 7), read.Label);
        Assert.Equal((await LookAsync(key)).CreatedAt, read.CreatedAt);
        Assert.Equal(seen == RecordState.Completed ? "first"u8.ToArray() : [], read.Answer.ToArray());

        // The lease is told of what was not settled by anybody: its end is where the retention begins.
        Assert.Equal(state is Was.InFlight or Was.Lapsed, read.LeaseUntil is not null);
        Assert.Equal(read.ExpiresAt - Retention, read.LeaseUntil ?? read.SettledAt);
        Assert.Equal(seen == RecordState.InFlight, read.SettledAt is null);
        if (ClockDifference == TimeSpan.Zero)
        {
            Assert.True(read.LeaseUntil is null || read.LeaseUntil == read.CreatedAt + (state == Was.Lapsed ? ShortLease : Lease), $"{read}");
        }
        else
        {
            Assert.InRange(read.ExpiresAt, read.CreatedAt + Retention - ClockDifference, read.CreatedAt + Lease + Retention + ClockDifference);
        }
    }

    [ServerTheory]
    [InlineData(Was.None)]
    [InlineData(Was.ExpiredLapsed)]
    [InlineData(Was.ExpiredUnknown)]
    [InlineData(Was.ExpiredCompleted)]
    public async Task What_is_not_there_or_has_expired_is_neither_read_nor_found_nor_met(Was state)
    {
        var key = NewKey();
        await ArrangeAsync(key, state);

        Assert.Null(await Inspector.ReadAsync(key));
        Assert.Empty(await Inspector.FindAsync(DigestOf(key)));
        Assert.Empty(await WalkAsync(RecordWalk.All, limit: 10));
        Assert.Empty(await WalkAsync(RecordWalk.Open, limit: 10));
    }

    [ServerFact]
    public async Task A_label_is_read_as_it_was_given()
    {
        var label = new RecordLabel("Überweisung/anlegen", new string('k', 255), UInt128.MaxValue - 5);
        var request = Request(NewKey(), ClaimToken.New()) with { Label = label };
        await Store.BeginAsync(request);
        Assert.Equal(label, (await Inspector.ReadAsync(request.Key))!.Label);
        Assert.Equal(label, Assert.Single(await WalkAsync(RecordWalk.Open, limit: 10)).Label);

        Assert.True(await Store.CompleteAsync(request.Key, request.Claim, "answer"u8.ToArray()));
        Assert.Equal(label, (await Inspector.ReadAsync(request.Key))!.Label);

        var empty = Request(NewKey(), ClaimToken.New()) with { Label = new RecordLabel("", "", 0) };
        await Store.BeginAsync(empty);
        Assert.Equal(empty.Label, (await Inspector.ReadAsync(empty.Key))!.Label);
    }

    [ServerFact]
    public async Task A_record_that_was_taken_over_has_the_label_and_the_claim_of_the_one_who_took_it()
    {
        var key = NewKey();
        await ArrangeAsync(key, Was.Unknown);
        var heir = Request(key, ClaimToken.New()) with { TakeOverUnknown = true, Label = new RecordLabel("confirm", "order-2", 8) };
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(heir)).Outcome);

        var read = (await Inspector.ReadAsync(key))!;

        Assert.Equal((RecordState.InFlight, heir.Claim, heir.Label), (read.State, read.Claim, read.Label));
    }

    [ServerFact]
    public async Task Records_are_found_by_the_first_half_of_their_key()
    {
        var key = NewKey();
        var digest = DigestOf(key);
        Assert.Empty(await Inspector.FindAsync(digest));

        await ClaimAsync(key);
        foreach (var bit in (int[])[64, 90, 127])
        {
            await ClaimAsync(new RecordKey(key.Value ^ (UInt128.One << bit)));
        }

        Assert.Equal([key], await Inspector.FindAsync(digest));

        // Two say that it is not enough; more would say no more.
        var first = new RecordKey(new UInt128(digest, 0));
        var last = new RecordKey(new UInt128(digest, ulong.MaxValue));
        await ClaimAsync(last);
        Assert.Equal(new[] { key, last }.Order(ByValue), (await Inspector.FindAsync(digest)).Order(ByValue));
        await ClaimAsync(first);
        Assert.Equal(2, (await Inspector.FindAsync(digest)).Distinct().Count());
    }

    [ServerTheory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0x8000000000000000UL)]
    public async Task Digests_at_the_borders_are_found(ulong digest)
    {
        var key = new RecordKey(new UInt128(digest, 5));
        await ClaimAsync(key);

        Assert.Equal([key], await Inspector.FindAsync(digest));
    }

    [ServerTheory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    public async Task A_walk_meets_every_record_of_its_kind_once_in_bounded_steps(int limit)
    {
        var records = await FillAsync();

        foreach (var walk in Enum.GetValues<RecordWalk>())
        {
            var met = await WalkAsync(walk, limit);

            var expected = records.Where(record => walk == RecordWalk.All || record.Value != RecordState.Completed).ToDictionary();
            Assert.Equal(expected.OrderBy(record => record.Key, ByValue), met.ToDictionary(record => record.Key, record => record.State).OrderBy(record => record.Key, ByValue));
            Assert.All(met, record => Assert.True(record.Answer.IsEmpty));
        }
    }

    [ServerFact]
    public async Task A_record_is_met_as_it_is_read()
    {
        foreach (var state in (Was[])[Was.InFlight, Was.Lapsed, Was.Unknown, Was.Completed])
        {
            await ArrangeAsync(NewKey(), state);
        }

        foreach (var met in await WalkAsync(RecordWalk.All, limit: 10))
        {
            var read = (await Inspector.ReadAsync(met.Key))!;
            var (lease, expires) = (read.LeaseUntil - met.LeaseUntil, read.ExpiresAt - met.ExpiresAt);
            Assert.InRange(expires, -ClockDifference, ClockDifference);
            Assert.InRange(lease ?? TimeSpan.Zero, -ClockDifference, ClockDifference);
            Assert.Equal(read with { Answer = default }, met with { LeaseUntil = read.LeaseUntil is null ? met.LeaseUntil : met.LeaseUntil + lease, ExpiresAt = met.ExpiresAt + expires });
        }
    }

    [ServerFact]
    public async Task Open_records_are_met_oldest_first_and_all_of_them_newest_first()
    {
        if (!Inspector.ListsOpenRecords)
        {
            return; // Redis has no order
        }

        var keys = new List<RecordKey>();
        for (var i = 0; i < 12; i++)
        {
            keys.Add(NewKey());
            var claim = await ClaimAsync(keys[^1]);
            if (i % 3 == 1)
            {
                Assert.True(await Store.MarkUnknownAsync(keys[^1], claim));
            }
            else if (i % 3 == 2)
            {
                Assert.True(await Store.CompleteAsync(keys[^1], claim, default));
            }

            await ElapseAsync(TimeSpan.FromMilliseconds(i % 2)); // two of each moment
        }

        // Records of one moment are in an order as well, whichever it is: only the moments are compared.
        var open = await WalkAsync(RecordWalk.Open, limit: 3);
        Assert.Equal(8, open.Count);
        Assert.Equal(open.Select(record => record.CreatedAt).Order(), open.Select(record => record.CreatedAt));
        var all = await WalkAsync(RecordWalk.All, limit: 5);
        Assert.Equal(12, all.Count);
        Assert.Equal(all.Select(record => record.CreatedAt).OrderDescending(), all.Select(record => record.CreatedAt));
    }

    [ServerFact]
    public async Task An_open_record_that_is_renewed_marked_or_taken_over_keeps_its_place()
    {
        if (!Inspector.ListsOpenRecords)
        {
            return;
        }

        var keys = new List<RecordKey>();
        var claims = new List<ClaimToken>();
        for (var i = 0; i < 4; i++)
        {
            keys.Add(NewKey());
            claims.Add(await ClaimAsync(keys[i]));
            await ElapseAsync(TimeSpan.FromMilliseconds(1));
        }

        Assert.True(await Store.RenewAsync(keys[0], claims[0], Lease * 2));
        Assert.True(await Store.MarkUnknownAsync(keys[1], claims[1]));
        Assert.True(await Store.MarkUnknownAsync(keys[2], claims[2]));
        Assert.Equal(BeginOutcome.Claimed, (await Store.BeginAsync(Request(keys[2], ClaimToken.New()) with { TakeOverUnknown = true })).Outcome);

        Assert.Equal(keys, (await WalkAsync(RecordWalk.Open, limit: 1)).Select(record => record.Key));
        Assert.True(await Store.CompleteAsync(keys[0], claims[0], default));
        Assert.Equal(keys[1..], (await WalkAsync(RecordWalk.Open, limit: 1)).Select(record => record.Key));
    }

    [ServerTheory]
    [InlineData(RecordWalk.Open)]
    [InlineData(RecordWalk.All)]
    public async Task What_lives_through_a_walk_is_met_whatever_comes_and_goes_meanwhile(RecordWalk walk)
    {
        var stay = new List<RecordKey>();
        var go = new Queue<(RecordKey Key, ClaimToken Claim)>();
        for (var i = 0; i < 30; i++)
        {
            stay.Add(NewKey());
            await ClaimAsync(stay[^1]);
            var key = NewKey();
            go.Enqueue((key, await ClaimAsync(key)));
            await ElapseAsync(TimeSpan.FromMilliseconds(i % 2));
        }

        var met = await WalkAsync(walk, limit: 4, async () =>
        {
            if (go.TryDequeue(out var leaving))
            {
                Assert.True(await Store.ReleaseAsync(leaving.Key, leaving.Claim));
            }

            await ClaimAsync(NewKey());
        });

        Assert.Empty(stay.Except(met.Select(record => record.Key)));
    }

    [ServerFact]
    public async Task A_walk_goes_on_where_it_was_though_the_record_there_is_gone()
    {
        var claims = new Dictionary<RecordKey, ClaimToken>();
        for (var i = 0; i < 20; i++)
        {
            var key = NewKey();
            claims[key] = await ClaimAsync(key);
        }

        foreach (var walk in Enum.GetValues<RecordWalk>())
        {
            var first = await Inspector.ScanAsync(walk, after: null, limit: 5);
            while (first.Records.Count == 0)
            {
                first = await Inspector.ScanAsync(walk, first.Next, limit: 5);
            }

            foreach (var record in first.Records)
            {
                Assert.True(await Store.ReleaseAsync(record.Key, claims[record.Key]));
                claims.Remove(record.Key);
            }

            var rest = new List<StoredRecord>();
            for (var after = first.Next; after is not null;)
            {
                var step = await Inspector.ScanAsync(walk, after, limit: 5);
                rest.AddRange(step.Records);
                after = step.Next;
            }

            Assert.Empty(claims.Keys.Except(rest.Select(record => record.Key)));
        }
    }

    [ServerTheory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("garbage")]
    [InlineData("All")]
    [InlineData("All:")]
    [InlineData("Open:1")]
    [InlineData("All:x:y")]
    [InlineData("All:1:y:")]
    [InlineData("All:99999999999999999999999:1:2")]
    [InlineData("Open:99999999999999999999999:1:2")]
    [InlineData("All:1:99999999999999999999999999999999999999999:2")]
    [InlineData("'; DROP TABLE record; --")]
    [InlineData("\0")]
    public async Task What_is_no_place_of_a_walk_is_told_by_its_own_error(string after)
    {
        await ClaimAsync(NewKey());

        await Assert.ThrowsAsync<FormatException>(async () => await Inspector.ScanAsync(RecordWalk.All, after, limit: 10));
        await Assert.ThrowsAsync<FormatException>(async () => await Inspector.ScanAsync(RecordWalk.Open, after, limit: 10));
    }

    [ServerFact]
    public async Task A_place_of_one_walk_is_none_of_the_other()
    {
        await FillAsync();
        foreach (var (walk, other) in ((RecordWalk, RecordWalk)[])[(RecordWalk.All, RecordWalk.Open), (RecordWalk.Open, RecordWalk.All)])
        {
            var next = (await Inspector.ScanAsync(walk, after: null, limit: 1)).Next;

            Assert.NotNull(next);
            await Assert.ThrowsAsync<FormatException>(async () => await Inspector.ScanAsync(other, next, limit: 1));
        }
    }

    [ServerTheory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_step_without_records_is_a_callers_mistake(int limit) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Inspector.ScanAsync(RecordWalk.All, after: null, limit));

    [ServerFact]
    public async Task Looks_beside_requests_see_whole_records()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => NewKey()).ToArray();

        await AtOnceAsync(keys.Length + 8, async i =>
        {
            if (i < keys.Length)
            {
                var claim = await ClaimAsync(keys[i]);
                Assert.True(await Store.CompleteAsync(keys[i], claim, Noise(i + 1)));
                return true;
            }

            foreach (var met in await WalkAsync(RecordWalk.All, limit: 20))
            {
                var read = (await Inspector.ReadAsync(met.Key))!;
                Assert.Equal(read.State == RecordState.Completed, !read.Answer.IsEmpty);
            }

            return true;
        });
    }

    private static Comparer<RecordKey> ByValue { get; } = Comparer<RecordKey>.Create((left, right) => left.Value.CompareTo(right.Value));

    private static ulong DigestOf(RecordKey key) => (ulong)(key.Value >> 64);

    /// <summary>Fifty-seven records in all states, with those that have expired (and are not swept) among them.</summary>
    private async Task<Dictionary<RecordKey, RecordState>> FillAsync()
    {
        foreach (var state in (Was[])[Was.ExpiredLapsed, Was.ExpiredUnknown, Was.ExpiredCompleted])
        {
            await ArrangeAsync(NewKey(), state);
        }

        var records = new Dictionary<RecordKey, RecordState>();
        for (var i = 0; i < 57; i++)
        {
            var key = NewKey();
            records[key] = (RecordState)(1 + (i % 3));
            await ArrangeAsync(key, records[key] switch
            {
                RecordState.InFlight => Was.InFlight,
                RecordState.Completed => Was.Completed,
                _ when i == 2 => Was.Lapsed,
                _ => Was.Unknown,
            });
        }

        return records;
    }

    /// <summary>A whole walk; steps that look at too much, meet a record twice or come to no end are a failure.</summary>
    private async Task<List<StoredRecord>> WalkAsync(RecordWalk walk, int limit, Func<Task>? meanwhile = null)
    {
        var met = new Dictionary<RecordKey, StoredRecord>();
        var (after, steps) = (default(string), 0);
        do
        {
            var step = await Inspector.ScanAsync(walk, after, limit);
            Assert.InRange(step.Records.Count, 0, step.Examined);
            Assert.True(!WalksExactly || step.Examined <= limit, $"{step.Examined} examined");
            foreach (var record in step.Records)
            {
                Assert.True(met.TryAdd(record.Key, record) || !WalksExactly, $"{record.Key} was met twice");
            }

            after = step.Next;
            Assert.True(++steps < 100_000, "It comes to no end.");
            await (meanwhile?.Invoke() ?? Task.CompletedTask);
        }
        while (after is not null);

        return [.. met.Values];
    }
}
