using System.Buffers.Binary;
using System.IO.Hashing;
using Gateway.Idempotency.Response;

namespace Gateway.Tests.Idempotency.Response;

/// <summary>
/// The stored form, version 1. These bytes lie in stores: they have to be readable and to mean the same for as long as
/// version 1 is known. A change of the format is a new version beside them, never a change of them.
/// </summary>
public sealed class AnswerRecordTests
{
    private const string Whole =
        "01" + "01" + "00c9" + "0000019b7ca98f2e" + "00000080" + "0000000b" + "f094bfe00c3843d8"
        + "00000004" + "4d616465" // Made
        + "00000004"
        + "00000008" + "4c6f636174696f6e" + "0000000c" + "2f7061796d656e74732f3432" // Location: /payments/42
        + "0000000c" + "436f6e74656e742d54797065" + "00000010" + "6170706c69636174696f6e2f6a736f6e" // Content-Type: application/json
        + "00000005" + "582d546167" + "00000003" + "6f6e65" // X-Tag: one
        + "00000005" + "582d546167" + "00000003" + "74776f" // X-Tag: two
        + "00000001"
        + "00000005" + "582d53756d" + "00000003" + "616263" // X-Sum: abc
        + "7b226964223a34327dff00"; // {"id":42}, and two bytes that are no text

    private const string Tombstone = "01" + "02" + "00c8" + "0000019b7ca98f2e" + "0000000c" + "00000000" + "1d2fffc3c11bacd3" + "ffffffff" + "00000000" + "00000000";

    private static readonly byte[] Body = [.. "{\"id\":42}"u8, 0xFF, 0x00];

    [Fact]
    public async Task A_version_1_record_is_replayed()
    {
        var replayed = await Answers.ReplayAsync(Convert.FromHexString(Whole));

        Assert.Equal(201, replayed.Status);
        Assert.Equal("Made", replayed.Reason);
        Assert.Equal("/payments/42", replayed.Headers.Location);
        Assert.Equal("application/json", replayed.Headers.ContentType);
        Assert.Equal(["one", "two"], replayed.Headers["X-Tag"].ToList());
        Assert.Equal("abc", replayed.Trailers["X-Sum"]);
        Assert.Equal(11, replayed.Headers.ContentLength);
        Assert.Equal(Body, replayed.Body);
    }

    [Fact]
    public void A_version_1_record_says_when_it_was_completed_and_what_it_holds()
    {
        var record = AnswerRecord.Read(Convert.FromHexString(Whole));

        Assert.Equal(AnswerKind.Whole, record.Kind);
        Assert.Equal(201, record.Status);
        Assert.Equal(Answers.Now, record.CompletedAt);
        Assert.Equal(Body, record.Body.ToArray());
    }

    [Fact]
    public void A_version_1_tombstone_says_what_was_answered_and_when()
    {
        var record = AnswerRecord.Read(Convert.FromHexString(Tombstone));

        Assert.Equal(AnswerKind.Tombstone, record.Kind);
        Assert.Equal(200, record.Status);
        Assert.Equal(Answers.Now, record.CompletedAt);
        Assert.Equal(0, record.Body.Length);
    }

    [Fact]
    public void The_same_answer_is_still_packed_into_the_same_bytes()
    {
        var context = Answers.Context(201, "Made", ("Location", "/payments/42"), ("Content-Type", "application/json"), ("X-Tag", new(["one", "two"])));

        Assert.Equal(Whole, Convert.ToHexStringLower(Answers.Pack(context, Body, Answers.Trailers(("X-Sum", "abc")))));
    }

    [Fact]
    public void The_same_tombstone_is_still_packed_into_the_same_bytes()
    {
        var context = Answers.Context(200, null, ("Location", "/payments/42"), ("X-Secret", "s"));

        Assert.Equal(Tombstone, Convert.ToHexStringLower(Answers.Pack(context, [], kind: AnswerKind.Tombstone)));
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(Tombstone)]
    public void A_record_that_is_cut_anywhere_is_an_error(string hex)
    {
        var bytes = Convert.FromHexString(hex);

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes.AsMemory(0, length)));
            Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes.AsMemory(bytes.Length - length)));
        }
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(Tombstone)]
    public void A_record_with_any_one_bit_flipped_is_an_error(string hex)
    {
        var bytes = Convert.FromHexString(hex);

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(flipped));
        }
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(Tombstone)]
    public void A_record_with_a_byte_too_many_is_an_error(string hex)
    {
        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(Convert.FromHexString(hex + "00")));
        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(Convert.FromHexString("00" + hex)));
        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(Convert.FromHexString(hex + hex)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void A_whole_record_of_an_unknown_version_is_an_error(byte version)
    {
        var bytes = Resealed(bytes => bytes[0] = version);

        var error = Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes));

        Assert.Contains($"version {version};", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_whole_record_of_an_unknown_kind_is_an_error(byte kind)
    {
        var bytes = Resealed(bytes => bytes[1] = kind);

        var error = Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes));

        Assert.Contains($"kind {kind}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(int.MinValue, int.MinValue)]
    [InlineData(-28, 0)]
    [InlineData(140, -1)]
    public void Lengths_that_cannot_be_are_an_error(int head, int body)
    {
        var bytes = Resealed(bytes =>
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), head);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), body);
        });

        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes));
    }

    [Fact]
    public void A_resealed_record_that_was_not_changed_is_read() =>
        Assert.Equal(201, AnswerRecord.Read(Resealed(static _ => { })).Status);

    /// <summary>The whole record, changed, with a checksum that fits.</summary>
    private static byte[] Resealed(Action<byte[]> change)
    {
        var bytes = Convert.FromHexString(Whole);
        change(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(20), XxHash3.HashToUInt64([.. bytes[..20], .. bytes[28..]]));
        return bytes;
    }
}
