using System.Text;
using Gateway.Idempotency;
using Gateway.Idempotency.Request;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>
/// What a body may cost: memory in proportion to its length whatever it holds, with pointers and without. Each is large enough that
/// anything quadratic in it would not end.
/// </summary>
public sealed class JsonBoundsTests
{
    private const int Size = 1 << 18;

    /// <summary>A number of one digit and its comma become 20 bytes, in buffers that double as they grow.</summary>
    private const int MostAllocatedForAByte = 64;

    private static readonly JsonSelection[] Selections =
    [
        JsonSelection.Everything,
        Canonical.Selection([], ["/requestedAt"]),
        Canonical.Selection(["/a", "/0", "/*/a/*"], ["/*/*/at"]),
        Canonical.Selection([], ["/*/*/*/x", "/*/a", "/*/*/y", "/0/*/z"]),
    ];

    public static TheoryData<string> Shapes =>
    [
        "elements", "zeros", "empty lists", "empty objects", "empty texts", "lists in a list", "opening brackets", "opening braces", "closing brackets", "members", "members backwards",
        "members of one long prefix", "members that are escaped", "one name again and again", "small objects", "one escaped text", "one plain text", "one long name", "digits", "digits behind the point",
        "zeros of an exponent", "exponents beyond any machine", "commas", "quotes", "white space", "nulls", "a comb", "a comb of lists",
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_body_costs_memory_in_proportion_to_its_length(string shape)
    {
        var json = Encoding.UTF8.GetBytes(Body(shape));
        foreach (var selection in Selections)
        {
            using var output = PooledBuffer.Rent(json.Length + 256);

            var before = GC.GetAllocatedBytesForCurrentThread();
            var isTaken = JsonCanonicalizer.TryWrite(json, selection, output);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            Assert.True(allocated < MostAllocatedForAByte * (long)json.Length, $"{shape}: {allocated / json.Length} bytes for each");
            Assert.True(!isTaken || output.Length <= (10 * json.Length) + 64, $"{shape}: {output.Length} bytes from {json.Length}");
        }
    }

    [Fact]
    public void A_body_of_64_KiB_is_read_in_memory_that_is_there_already()
    {
        var json = Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, 2300).Select(i => $"\"member{i:D6}\":\"value {i}\""))}}}");
        using var output = PooledBuffer.Rent(2 * json.Length);
        Assert.True(JsonCanonicalizer.TryWrite(json, JsonSelection.Everything, output)); // the thread has its list from here on
        output.Truncate(0);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(JsonCanonicalizer.TryWrite(json, JsonSelection.Everything, output));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void What_is_larger_than_a_usual_body_is_told_apart_by_its_last_byte()
    {
        foreach (var shape in (string[])["elements", "members", "one plain text", "digits", "a comb"])
        {
            var json = Body(shape);
            var changed = json.ToCharArray();
            var at = json.LastIndexOfAny(['1', '7', 'x']);
            changed[at] = '2';

            Assert.NotNull(Canonical.Of(json));
            Assert.NotEqual(Canonical.Of(json), Canonical.Of(new string(changed)));
        }
    }

    private static string Body(string shape) => shape switch
    {
        "elements" => List("1"),
        "zeros" => List("0"),
        "empty lists" => List("[]"),
        "empty objects" => List("{}"),
        "empty texts" => List("\"\""),
        "lists in a list" => $"[{List("[[[1,1],1],1]")}]",
        "opening brackets" => new string('[', Size),
        "opening braces" => Repeat("{\"a\":"),
        "closing brackets" => "[[" + new string(']', Size),
        "members" => Members(i => $"\"m{i}\":1"),
        "members backwards" => Members(i => $"\"m{Size - i}\":1"),
        "members of one long prefix" => Members(i => $"\"{new string('p', 200)}{i * 7919 % 4096}\":1"),
        "members that are escaped" => Members(i => $"\"\\u006d{i}\":1"),
        "one name again and again" => Members(_ => "\"a\":1"),
        "small objects" => List("{\"a\":1,\"at\":2}"),
        "one escaped text" => $"[\"{Repeat("\\u0061")}\"]",
        "one plain text" => $"[\"{new string('x', Size)}\"]",
        "one long name" => $"{{\"{new string('n', Size)}\":1}}",
        "digits" => new string('7', Size),
        "digits behind the point" => "0." + new string('0', Size) + "7",
        "zeros of an exponent" => "1e" + new string('0', Size) + "1",
        "exponents beyond any machine" => List("1e9999999999999999999"),
        "commas" => "[" + new string(',', Size),
        "quotes" => new string('"', Size),
        "white space" => new string(' ', Size) + "1",
        "nulls" => List("null"),
        "a comb" => Repeat("{\"b\":[],\"a\":", 60) + List("1") + Repeat(",\"c\":\"1\"}", 60),
        "a comb of lists" => new string('[', 60) + List("1") + Repeat(",1]", 60),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, "There is no such body."),
    };

    private static string List(string element) => $"[{string.Join(',', Enumerable.Repeat(element, Size / (element.Length + 1)))}]";

    private static string Members(Func<int, string> member) => $"{{{string.Join(',', Enumerable.Range(0, Size / (member(1000).Length + 1)).Select(member))}}}";

    private static string Repeat(string text) => Repeat(text, Size / text.Length);

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
