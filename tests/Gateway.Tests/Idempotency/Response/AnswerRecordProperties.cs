using System.Buffers.Binary;
using System.IO.Hashing;
using FsCheck.Xunit;
using Gateway.Idempotency.Response;
using Gateway.Tests.Support;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Response;

/// <summary>Records of any shape: what was packed comes back to the byte, and what was damaged is an error and nothing else.</summary>
public sealed class AnswerRecordProperties
{
    private static readonly string[] Names = ["X-A", "x-a-b", "Link", "ETag", "WWW-Authenticate", "X-" + new string('n', 300)];

    [Property(MaxTest = 500, Arbitrary = [typeof(Seeds)])]
    public void Whatever_was_packed_comes_back_as_it_was(int seed)
    {
        var random = new Random(seed);
        var (record, reason, headers, trailers, body) = Pack(random);

        var head = Answers.Head(record);

        Assert.Equal(reason, head.Reason);
        Assert.Equal(headers, head.Headers);
        Assert.Equal(trailers, head.Trailers);
        Assert.Equal(body, AnswerRecord.Read(record).Body.ToArray());
    }

    [Property(MaxTest = 500, Arbitrary = [typeof(Seeds)])]
    public void Whatever_was_damaged_is_an_error_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var (record, _, _, _, _) = Pack(random);
        foreach (var damaged in Damage(record, random))
        {
            if (!damaged.AsSpan().SequenceEqual(record))
            {
                Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(damaged));
            }
        }
    }

    /// <summary>As a writer with a fault of its own would leave it: the checksum fits, and what is inside does not.</summary>
    [Property(MaxTest = 2000, Arbitrary = [typeof(Seeds)])]
    public void What_is_sealed_and_ill_formed_is_an_error_before_anything_of_it_is_used(int seed)
    {
        var random = new Random(seed);
        var (record, _, _, _, _) = Pack(random);
        foreach (var damaged in Damage(record, random).Where(damaged => damaged.Length >= 28))
        {
            Seal(damaged);
            AssertReadWholeOrAnError(damaged);
        }
    }

    [Fact]
    public void A_golden_record_with_any_one_byte_of_its_head_changed_and_sealed_is_read_whole_or_an_error()
    {
        var golden = Answers.Pack(Answers.Context(201, "Made", ("Location", "/a"), ("X-Tag", new(["one", "two"]))), [1, 2, 3], Answers.Trailers(("X-Sum", "abc")));
        for (var at = 0; at < golden.Length - 3; at++)
        {
            foreach (var value in (byte[])[0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, (byte)(golden[at] ^ 1), (byte)(golden[at] + 1)])
            {
                var changed = golden.ToArray();
                changed[at] = value;
                Seal(changed);
                AssertReadWholeOrAnError(changed);
            }
        }
    }

    [Theory]
    [InlineData("ffffffff7fffffff", "a count that the bytes cannot hold")]
    [InlineData("ffffffff80000000", "a count below zero")]
    [InlineData("ffffffff0000000000000001", "a line that is not there")]
    [InlineData("ffffffff00000001ffffffff0000000000000000", "a name that is null")]
    [InlineData("ffffffff0000000100000001617fffffff00000000", "a value of two gigabytes")]
    [InlineData("7fffffff0000000000000000", "a reason of two gigabytes")]
    [InlineData("fffffffe0000000000000000", "a reason below null")]
    [InlineData("ffffffff000000000000000000", "a byte too many")]
    [InlineData("ffffffff00000000", "no trailers")]
    [InlineData("ffffffff", "no headers")]
    [InlineData("", "nothing")]
    public void A_head_that_asks_for_more_than_there_is_is_an_error_and_costs_nothing(string head, string why)
    {
        var bytes = Sealed(Convert.FromHexString(head));

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 * 1024, why);
    }

    [Theory]
    [InlineData(2, "0000")]
    [InlineData(2, "0063")]
    [InlineData(2, "03e8")]
    [InlineData(2, "ffff")]
    [InlineData(4, "ffffffffffffffff")]
    [InlineData(4, "7fffffffffffffff")]
    [InlineData(4, "8000000000000000")]
    public void A_status_or_a_time_that_cannot_be_is_an_error(int at, string hex)
    {
        var bytes = Sealed(Convert.FromHexString("ffffffff0000000000000000"));
        Convert.FromHexString(hex).CopyTo(bytes, at);
        Seal(bytes);

        Assert.Throws<InvalidDataException>(() => AnswerRecord.Read(bytes));
    }

    [Fact]
    public void A_head_of_nothing_but_empty_texts_is_read() => AssertReadWhole(Sealed(Convert.FromHexString("000000000000000200000000000000000000000000000000" + "00000000")));

    private static void AssertReadWholeOrAnError(byte[] bytes)
    {
        try
        {
            AssertReadWhole(bytes);
        }
        catch (InvalidDataException)
        {
            // As it should be.
        }
    }

    private static void AssertReadWhole(byte[] bytes)
    {
        var record = AnswerRecord.Read(bytes);

        var head = Answers.Head(bytes);
        Assert.All(head.Headers.Concat(head.Trailers), line => Assert.True(line is { Name: not null, Value: not null }));
        Assert.InRange(record.Status, 100, 999);
        _ = (record.CompletedAt, record.Body.Length);
    }

    private static IEnumerable<byte[]> Damage(byte[] record, Random random)
    {
        var flipped = record.ToArray();
        flipped[random.Next(record.Length)] ^= (byte)(1 << random.Next(8));
        yield return flipped;
        yield return record[..random.Next(record.Length)];
        yield return [.. record, (byte)random.Next(256)];
        yield return [.. record[..random.Next(record.Length)], .. record[random.Next(record.Length)..]];
        var swapped = record.ToArray();
        var (one, other) = (random.Next(record.Length), random.Next(record.Length));
        (swapped[one], swapped[other]) = (swapped[other], swapped[one]);
        yield return swapped;
        var garbled = record.ToArray();
        random.NextBytes(garbled.AsSpan(random.Next(record.Length)));
        yield return garbled;
        if (record.Length >= 32)
        {
            var length = record.ToArray();
            BinaryPrimitives.WriteInt32BigEndian(length.AsSpan(28 + random.Next(record.Length - 31)), random.Next(3) switch { 0 => int.MaxValue, 1 => random.Next(40), _ => -random.Next(3) });
            yield return length;
        }

        var noise = new byte[random.Next(200)];
        random.NextBytes(noise);
        yield return noise;
    }

    private static (byte[] Record, string? Reason, List<(string, string)> Headers, List<(string, string)> Trailers, byte[] Body) Pack(Random random)
    {
        var reason = random.Next(3) == 0 ? Text(random) : null;
        var headers = Lines(random);
        var trailers = Lines(random);
        var body = new byte[random.Next(5) == 0 ? random.Next(3000) : random.Next(20)];
        random.NextBytes(body);
        var record = Answers.Pack(
            Answers.Context(random.Next(200, 600), reason, [.. headers.Select(header => (header.Name, new StringValues(header.Values)))]),
            body,
            Answers.Trailers([.. trailers.Select(trailer => (trailer.Name, new StringValues(trailer.Values)))]));
        return (record, reason, Flat(headers), Flat(trailers), body);
    }

    private static List<(string Name, string[] Values)> Lines(Random random) =>
        [.. Names.Where(_ => random.Next(3) == 0).Select(name => (name, Enumerable.Range(0, random.Next(1, 4)).Select(_ => Text(random)).ToArray()))];

    private static List<(string, string)> Flat(List<(string Name, string[] Values)> lines) => [.. lines.SelectMany(line => line.Values.Select(value => (line.Name, value)))];

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next(1, 256)));

    private static byte[] Sealed(byte[] head)
    {
        byte[] bytes = [1, 1, 0, 200, .. new byte[8], .. new byte[16], .. head];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), head.Length);
        Seal(bytes);
        return bytes;
    }

    private static void Seal(byte[] bytes) => BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(20), XxHash3.HashToUInt64([.. bytes[..20], .. bytes[28..]]));
}
