using System.Text;
using FsCheck.Xunit;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonCanonicalizerProperties
{
    private static readonly string[] Segments = ["a", "b", "ab", "*", "0", "1", "", "é", "/", "~", "-", "01", "~1", "99999999999999999999", "\n", "😀"];

    private static readonly byte[][] Pieces =
    [
        .. ((string[])["\"", "\\", "\\u0041", "\\ud83d", "\\ude00", "{", "}", "[", "]", ",", ":", "0", "1", "-", ".", "e", "E+", "e-1", "00", "1e999999999999999", "e9999999999999999", " ", "\n", "\0", "null", "true", "/", "//", "\uFEFF", "é", "\"a\":1,", "\"\\u0061\":2,"])
            .Select(Encoding.UTF8.GetBytes),
        [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0xC3],
    ];

    [Property(MaxTest = 2000, Arbitrary = [typeof(Seeds)])]
    public void However_a_value_is_spelt_its_canonical_bytes_are_the_same(int seed)
    {
        var random = new Random(seed);
        var value = JsonTree.Random(random, 4);
        var one = value.Spell(random);
        var other = value.Spell(random);

        Assert.True(Canonical.Of(one) is not null, one);
        Assert.True(Canonical.Of(one) == Canonical.Of(other), $"{one}\n{other}");
    }

    [Property(MaxTest = 5000, Arbitrary = [typeof(Seeds)])]
    public void Values_have_the_same_canonical_bytes_exactly_when_they_mean_the_same(int seed)
    {
        var random = new Random(seed);
        var value = JsonTree.Random(random, 3);
        var changed = random.Next(2) == 0 ? value.Changed(random) : JsonTree.Random(random, 2);
        var one = value.Spell(random);
        var other = changed.Spell(random);

        Assert.True(value.Means(changed) == (Canonical.Of(one) == Canonical.Of(other)), $"{one}\n{other}");
    }

    [Property(MaxTest = 5000, Arbitrary = [typeof(Seeds)])]
    public void With_pointers_the_canonical_bytes_are_the_same_exactly_when_what_is_left_means_the_same(int seed)
    {
        var random = new Random(seed);
        var include = Pointers(random);
        var exclude = Pointers(random);
        var value = JsonTree.Random(random, 3);
        var changed = value.Changed(random);
        var one = value.Spell(random);
        var other = changed.Spell(random);
        string[] includeTexts = [.. include.Select(Spell)];
        string[] excludeTexts = [.. exclude.Select(Spell)];

        var left = value.Selected(include, exclude);
        var otherLeft = changed.Selected(include, exclude);
        var same = left is null || otherLeft is null ? left == otherLeft : left.Means(otherLeft);
        var oneBytes = Canonical.Of(one, includeTexts, excludeTexts);
        var otherBytes = Canonical.Of(other, includeTexts, excludeTexts);

        Assert.NotNull(oneBytes);
        Assert.True(same == (oneBytes == otherBytes), $"include {string.Join(' ', includeTexts)} exclude {string.Join(' ', excludeTexts)}\n{one}\n{other}");
    }

    [Property(MaxTest = 2000)]
    public void Bytes_of_any_kind_are_refused_or_taken_and_never_throw(byte[] bytes)
    {
        var canonical = Canonical.Of(bytes);

        Assert.Equal(canonical, Canonical.Of(bytes));
        _ = Canonical.Of(bytes, Canonical.Selection(["/a"], ["/0"]));
    }

    [Property(MaxTest = 3000, Arbitrary = [typeof(Seeds)])]
    public void A_document_that_was_damaged_is_refused_or_taken_and_never_throws(int seed)
    {
        var random = new Random(seed);
        var bytes = Encoding.UTF8.GetBytes(JsonTree.Random(random, 4).Spell(random));
        bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        var cut = bytes[..random.Next(bytes.Length + 1)];

        Assert.Equal(Canonical.Of(bytes) is null, Canonical.Of(bytes, Canonical.Selection([], ["/no/such/thing"])) is null);
        Assert.Equal(Canonical.Of(cut) is null, Canonical.Of(cut, Canonical.Selection([], ["/no/such/thing"])) is null);
    }

    /// <summary>Against a parser of its own: what is taken, and what is taken for the same.</summary>
    [Property(MaxTest = 4000, Arbitrary = [typeof(Seeds)])]
    public void Texts_that_were_mutated_are_taken_and_told_apart_as_the_model_says(int seed)
    {
        var random = new Random(seed);
        var bytes = Encoding.UTF8.GetBytes(JsonTree.Random(random, 3).Spell(random));
        for (var i = 0; i < 10; i++)
        {
            var mutated = Mutated(bytes, random);
            var (one, other) = (Canonical.Of(bytes), Canonical.Of(mutated));
            var (model, otherModel) = (JsonModel.Of(bytes), JsonModel.Of(mutated));
            Assert.True(one is null == model is null, Encoding.UTF8.GetString(bytes));
            Assert.True(other is null == otherModel is null, Encoding.UTF8.GetString(mutated));
            Assert.True((one == other) == (model == otherModel), $"{Encoding.UTF8.GetString(bytes)}\n{Encoding.UTF8.GetString(mutated)}");
            bytes = otherModel is null ? bytes : mutated; // from one that is still JSON: damage upon damage is soon refused for anything
        }
    }

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        var piece = Pieces[random.Next(Pieces.Length)];
        var brace = Array.IndexOf(bytes, (byte)'{', Math.Min(at, bytes.Length - 1)) + 1;
        return random.Next(6) switch
        {
            5 when brace > 0 => [.. bytes[..brace], .. Encoding.UTF8.GetBytes(random.Next(2) == 0 ? "\"a\":1," : "\"\\u0061\":2,"), .. bytes[brace..]],
            0 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 4))..]],
            1 when at < bytes.Length => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
            2 when at < bytes.Length => [.. bytes[..at], .. piece, .. bytes[(at + 1)..]],
            _ => [.. bytes[..at], .. piece, .. bytes[at..]],
        };
    }

    private static string[][] Pointers(Random random) =>
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => Enumerable.Range(0, random.Next(1, 4)).Select(_ => Segments[random.Next(Segments.Length)]).ToArray())];

    private static string Spell(string[] pointer) =>
        string.Concat(pointer.Select(segment => "/" + segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
