using Gateway.Idempotency.Response;
using Gateway.Stores;
using Gateway.Stores.Redis;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

/// <summary>
/// The packed record, version 1. These bytes lie in people's Redis: they have to be read, and to mean the same, for as long as
/// version 1 is known. Beside them what becomes of bytes that are damaged: an error, never a free key and never another answer.
/// </summary>
public sealed class RedisRecordTests
{
    private const string Head =
        "a1a2a3a4a5a6a7a8a9aaabacadaeafb0" // claim
        + "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30" // fingerprint
        + "0000019b7ca98f2e" + "0000000005265c00" // 2026-01-02 03:04:05.678, 24 h
        + "002a" + "000f" + "636f6e6669726d2d7061796d656e74" + "0007" + "6f726465722d31" + "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0"; // confirm-payment, order-1, actor

    private const string Answer = "01" + "02" + "00c8" + "0000019b7ca98f2e" + "0000000c" + "00000000" + "1d2fffc3c11bacd3" + "ffffffff" + "00000000" + "00000000";

    internal const string InFlight = "01" + "01" + Head;
    internal const string Completed = "01" + "02" + Head + Answer;
    internal const string Unknown = "01" + "03" + Head;

    internal static readonly Fingerprint Fingerprint = Fingerprint.Read([.. Enumerable.Range(1, Fingerprint.Size).Select(i => (byte)i)]);
    internal static readonly ClaimToken Claim = ClaimToken.Read(Convert.FromHexString("a1a2a3a4a5a6a7a8a9aaabacadaeafb0"));
    internal static readonly ClaimToken Stranger = new(5);
    private static readonly DateTimeOffset CreatedAt = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static TheoryData<string, long> Golden => new() { { InFlight, 5000 }, { Completed, 0 }, { Unknown, 0 } };

    [Fact]
    public void A_new_record_is_still_packed_into_the_same_bytes() => Assert.Equal(InFlight, Convert.ToHexStringLower(RedisRecord.InFlight(Request, CreatedAt)));

    [Fact]
    public void A_version_1_record_that_is_in_flight_is_its_own_claims_and_nobody_elses()
    {
        Assert.Equal((BeginOutcome.Claimed, CreatedAt), Told(Describe(InFlight, Claim, 0)));

        var found = Describe(InFlight, Stranger, 5000);
        Assert.Equal((BeginOutcome.InFlight, CreatedAt), Told(found));
        Assert.Equal((Fingerprint, TimeSpan.FromSeconds(5)), (found.Fingerprint, found.LeaseRemaining));
        Assert.Equal((BeginOutcome.Unknown, CreatedAt), Told(Describe(InFlight, Stranger, 0)));
    }

    [Fact]
    public void A_version_1_record_that_is_completed_has_its_answer()
    {
        var found = Describe(Completed, Stranger, 0);

        Assert.Equal((BeginOutcome.Completed, CreatedAt), Told(found));
        Assert.Equal((Fingerprint, Answer), (found.Fingerprint, Convert.ToHexStringLower(found.Answer.Span)));
    }

    [Fact]
    public void A_version_1_record_that_is_unknown_is_unknown_to_its_own_claim_too()
    {
        Assert.Equal((BeginOutcome.Unknown, CreatedAt), Told(Describe(Unknown, Claim, 0)));
        Assert.Equal((BeginOutcome.Unknown, CreatedAt), Told(Describe(Unknown, Stranger, -5)));
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_record_that_is_cut_anywhere_is_never_free_and_has_no_answer(string hex, long lease)
    {
        var bytes = Convert.FromHexString(hex);

        for (var length = 0; length < bytes.Length; length++)
        {
            AssertUnreadable(bytes[..length], lease);
            AssertUnreadable(bytes[(bytes.Length - length)..], lease);
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_record_with_any_one_bit_flipped_is_what_it_was_or_an_error(string hex, long lease)
    {
        var bytes = Convert.FromHexString(hex);
        var was = RedisRecord.Describe(bytes, Stranger, lease).Outcome;

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertIsOrUnreadable(was, flipped, lease, bit);
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_record_with_bytes_behind_it_is_an_error(string hex, long lease)
    {
        AssertUnreadable([.. Convert.FromHexString(hex), 0], lease);
        AssertUnreadable([.. Convert.FromHexString(hex), .. Convert.FromHexString(hex)], lease);
        AssertUnreadable([0, .. Convert.FromHexString(hex)], lease);
    }

    [Fact]
    public void Bytes_of_any_kind_are_never_a_free_key_and_no_other_fault()
    {
        var random = new Random(1);
        var golden = Convert.FromHexString(Completed);
        for (var i = 0; i < 20_000; i++)
        {
            // Mostly such as come far: the right version and a known state, and the rest at random or golden with a random stretch.
            var bytes = i % 2 == 0 ? golden.ToArray() : new byte[random.Next(200)];
            random.NextBytes(i % 2 == 0 ? bytes.AsSpan(random.Next(bytes.Length))[..1] : bytes);
            if (bytes.Length > 1 && random.Next(8) > 0)
            {
                (bytes[0], bytes[1]) = (1, (byte)random.Next(1, 4));
            }

            try
            {
                var found = RedisRecord.Describe(bytes, Stranger, random.Next(-2, 3));
                Assert.True(found.Outcome != BeginOutcome.Claimed, Convert.ToHexStringLower(bytes));
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(253_402_300_800_000)]
    [InlineData(long.MaxValue)]
    public void A_time_that_cannot_be_is_an_error(long createdAt)
    {
        var bytes = Convert.FromHexString(Completed);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(66), createdAt);

        Assert.Throws<InvalidDataException>(() => RedisRecord.Describe(bytes, Stranger, 0));
    }

    internal static BeginRequest Request => new()
    {
        Key = new RecordKey(1),
        Claim = Claim,
        Fingerprint = Fingerprint,
        Lease = TimeSpan.FromSeconds(30),
        Retention = TimeSpan.FromHours(24),
        TakeOverUnknown = true,
        Label = new RecordLabel("confirm-payment", "order-1", UInt128.Parse("C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0", System.Globalization.NumberStyles.HexNumber, null)),
    };

    private static BeginResult Describe(string hex, ClaimToken claim, long lease) => RedisRecord.Describe(Convert.FromHexString(hex), claim, lease);

    private static (BeginOutcome Outcome, DateTimeOffset CreatedAt) Told(in BeginResult result) => (result.Outcome, result.CreatedAt);

    /// <summary>An error at the latest when the answer is read.</summary>
    private static void AssertUnreadable(byte[] bytes, long lease) => Assert.Throws<InvalidDataException>(() =>
    {
        var found = RedisRecord.Describe(bytes, Stranger, lease);
        Assert.Equal(BeginOutcome.Completed, found.Outcome);
        AnswerRecord.Read(found.Answer);
    });

    private static void AssertIsOrUnreadable(BeginOutcome was, byte[] bytes, long lease, int bit)
    {
        try
        {
            var found = RedisRecord.Describe(bytes, Stranger, lease);
            if (was != BeginOutcome.Completed && found.Outcome == BeginOutcome.Completed)
            {
                AnswerRecord.Read(found.Answer);
            }

            Assert.True(found.Outcome == was, $"Bit {bit}: {found.Outcome}");
            if (was == BeginOutcome.Completed && Convert.ToHexStringLower(found.Answer.Span) != Answer)
            {
                AnswerRecord.Read(found.Answer);
                Assert.Fail($"Bit {bit}: another answer.");
            }
        }
        catch (InvalidDataException)
        {
            // As it should be.
        }
    }
}

/// <summary>Damaged records under a store's own keys: what its commands and scripts make of them.</summary>
[NeedsRedis]
public sealed class RedisDamageTests(RedisServerFixture fixture) : IClassFixture<RedisServerFixture>
{
    private static readonly TimeSpan LeaseAndRetention = TimeSpan.FromSeconds(86_430);

    [ServerTheory]
    [InlineData(RedisRecordTests.InFlight)]
    [InlineData(RedisRecordTests.Completed)]
    [InlineData(RedisRecordTests.Unknown)]
    public async Task A_record_that_is_cut_anywhere_is_an_error_and_never_claimed(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            await AssertUnreadableAsync(bytes[..length], $"{length} bytes", isFoundToo: true);
        }
    }

    [ServerTheory]
    [InlineData(RedisRecordTests.InFlight)]
    [InlineData(RedisRecordTests.Completed)]
    public async Task A_state_or_a_version_of_which_a_bit_is_flipped_is_an_error_and_never_claimed(string hex)
    {
        for (var bit = 0; bit < 16; bit++)
        {
            var bytes = Convert.FromHexString(hex);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            await AssertUnreadableAsync(bytes, $"bit {bit}", isFoundToo: false); // a look at what is completed finds none in either state
        }
    }

    [ServerTheory]
    [InlineData("HSET", "a", "b")]
    [InlineData("LPUSH", "a")]
    [InlineData("SADD", "a")]
    public async Task Something_that_is_no_record_under_a_records_key_is_an_error(string command, params string[] arguments)
    {
        var (store, key) = Open();
        await fixture.Redis.GetDatabase().ExecuteAsync(command, [key, .. arguments]);

        await AssertUnreadableAsync(store, command, isFoundToo: true);
    }

    private async Task AssertUnreadableAsync(byte[] bytes, string what, bool isFoundToo)
    {
        var (store, key) = Open();
        await fixture.Redis.GetDatabase().StringSetAsync(key, bytes, LeaseAndRetention);

        await AssertUnreadableAsync(store, what, isFoundToo);
        Assert.Equal(bytes, (byte[]?)await fixture.Redis.GetDatabase().StringGetAsync(key));
    }

    /// <summary>Nothing may run because of it: neither a begin that could take it over nor a look at what is completed takes it for free.</summary>
    private static async Task AssertUnreadableAsync(RedisStore store, string what, bool isFoundToo)
    {
        var request = RedisRecordTests.Request with { Claim = RedisRecordTests.Stranger };
        Func<Task<BeginResult?>> begin = async () => await store.BeginAsync(request);
        Func<Task<BeginResult?>> find = async () => await store.FindCompletedAsync(request.Key);
        foreach (var read in isFoundToo ? [begin, find] : (Func<Task<BeginResult?>>[])[begin])
        {
            BeginResult? found;
            try
            {
                found = await read();
            }
            catch (InvalidDataException)
            {
                continue;
            }

            Assert.True(found?.Outcome == BeginOutcome.Completed, $"{what}: {found?.Outcome}");
            Assert.Throws<InvalidDataException>(() => Gateway.Idempotency.Response.AnswerRecord.Read(found!.Value.Answer));
        }
    }

    private (RedisStore Store, string Key) Open()
    {
        var prefix = $"{Guid.NewGuid():N}:";
        var store = new RedisStore(fixture.Redis, new RedisStoreOptions { Configuration = fixture.Server.Configuration, KeyPrefix = prefix }, TimeProvider.System);
        return (store, prefix + "00000000000000000000000000000001");
    }
}
