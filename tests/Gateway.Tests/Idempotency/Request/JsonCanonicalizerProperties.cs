using System.Text;
using FsCheck.Xunit;

namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonCanonicalizerProperties
{
    private static readonly string[] Segments = ["a", "b", "ab", "*", "0", "1", "", "é", "/", "~"];

    [Property(MaxTest = 2000)]
    public void However_a_value_is_spelt_its_canonical_bytes_are_the_same(int seed)
    {
        var random = new Random(seed);
        var value = JsonTree.Random(random, 4);
        var one = value.Spell(random);
        var other = value.Spell(random);

        Assert.True(Canonical.Of(one) is not null, one);
        Assert.True(Canonical.Of(one) == Canonical.Of(other), $"{one}\n{other}");
    }

    [Property(MaxTest = 5000)]
    public void Values_have_the_same_canonical_bytes_exactly_when_they_mean_the_same(int seed)
    {
        var random = new Random(seed);
        var value = JsonTree.Random(random, 3);
        var changed = random.Next(2) == 0 ? value.Changed(random) : JsonTree.Random(random, 2);
        var one = value.Spell(random);
        var other = changed.Spell(random);

        Assert.True(value.Means(changed) == (Canonical.Of(one) == Canonical.Of(other)), $"{one}\n{other}");
    }

    [Property(MaxTest = 5000)]
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

    [Property(MaxTest = 3000)]
    public void A_document_that_was_damaged_is_refused_or_taken_and_never_throws(int seed)
    {
        var random = new Random(seed);
        var bytes = Encoding.UTF8.GetBytes(JsonTree.Random(random, 4).Spell(random));
        bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        var cut = bytes[..random.Next(bytes.Length + 1)];

        Assert.Equal(Canonical.Of(bytes) is null, Canonical.Of(bytes, Canonical.Selection([], ["/no/such/thing"])) is null);
        Assert.Equal(Canonical.Of(cut) is null, Canonical.Of(cut, Canonical.Selection([], ["/no/such/thing"])) is null);
    }

    private static string[][] Pointers(Random random) =>
        [.. Enumerable.Range(0, random.Next(3)).Select(_ => Enumerable.Range(0, random.Next(1, 4)).Select(_ => Segments[random.Next(Segments.Length)]).ToArray())];

    private static string Spell(string[] pointer) =>
        string.Concat(pointer.Select(segment => "/" + segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
