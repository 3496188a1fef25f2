using System.Globalization;
using System.Numerics;
using System.Text;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>
/// A JSON value and what it means, written without a look at the canonicalizer: equality is deep, members have no order,
/// and numbers are exact.
/// </summary>
internal abstract class JsonTree
{
    /// <summary>Names and texts: few, so that random values come close to each other; some look like canonical bytes.</summary>
    private static readonly string[] Texts =
        ["", "a", "b", "ab", "A", "é", "e\u0301", "😀", "*", "0", "1", "/", "~", "\"", "\\", "\n", "\0", "\0\0\0\u0001a", "s\0\0\0\u0001", "}", "n", "\uFFFD", "\uE000"];

    public static JsonTree Random(Random random, int depth) => random.Next(depth > 0 ? 8 : 5) switch
    {
        0 => new Plain(random.Next(3) switch { 0 => "null", 1 => "true", _ => "false" }),
        1 => new Text(Texts[random.Next(Texts.Length)]),
        2 => new Text(string.Concat(Texts[random.Next(Texts.Length)], Texts[random.Next(Texts.Length)])),
        3 => new Number(random.Next(-3, 13), random.Next(-2, 3)),
        4 => new Number(BigInteger.Pow(10, random.Next(15, 30)) + random.Next(-2, 3), random.Next(-40, 41) * 10),
        5 => new List([.. Enumerable.Range(0, random.Next(4)).Select(_ => Random(random, depth - 1))]),
        _ => new Members(Enumerable.Range(0, random.Next(4)).Select(_ => Texts[random.Next(Texts.Length)]).Distinct().ToDictionary(name => name, _ => Random(random, depth - 1))),
    };

    /// <summary>The same, but for a change somewhere.</summary>
    public JsonTree Changed(Random random) => this switch
    {
        List { Items: { Count: > 0 } items } when random.Next(4) > 0 => new List(ChangedAt(items, random.Next(items.Count), random)),
        Members { Values: { Count: > 0 } values } when random.Next(4) > 0 => new Members(ChangedAt(values, values.Keys.ElementAt(random.Next(values.Count)), random)),
        List list when random.Next(2) == 0 => new List([list]),
        Members members when random.Next(2) == 0 => new List([.. members.Values.Values]),
        _ => Random(random, 1),
    };

    /// <summary>
    /// What the pointers leave: a hole (null) for what does not count. Elements keep their index, so that a list with a
    /// part left out becomes members by index.
    /// </summary>
    public JsonTree? Selected(IReadOnlyList<string[]> include, IReadOnlyList<string[]> exclude) => Selected([], include, exclude);

    public abstract void Spell(StringBuilder json, Random random);

    public abstract bool Means(JsonTree other);

    public string Spell(Random random)
    {
        var json = new StringBuilder();
        Space(json, random);
        Spell(json, random);
        Space(json, random);
        return json.ToString();
    }

    private JsonTree? Selected(string[] path, IReadOnlyList<string[]> include, IReadOnlyList<string[]> exclude)
    {
        if (exclude.Any(pointer => pointer.Length == path.Length && Leads(pointer, path)))
        {
            return null;
        }

        var counts = include.Count == 0 || include.Any(pointer => pointer.Length <= path.Length && Leads(pointer, path[..pointer.Length]));
        if (!counts && !include.Any(pointer => pointer.Length > path.Length && Leads(pointer[..path.Length], path)))
        {
            return null;
        }

        var below = this switch
        {
            List list => list.Items.Index().Select(item => (Name: item.Index.ToString(CultureInfo.InvariantCulture), Value: item.Item)),
            Members members => members.Values.Select(member => (Name: member.Key, member.Value)),
            _ => null,
        };
        if (below is null)
        {
            return counts ? this : null;
        }

        var left = below.Select(member => (member.Name, Value: member.Value.Selected([.. path, member.Name], include, exclude)))
            .Where(member => member.Value is not null)
            .ToDictionary(member => member.Name, member => member.Value!);
        if (left.Count == 0 && !counts)
        {
            return null;
        }

        return this is List ? new Elements(left) : new Members(left);
    }

    private static bool Leads(string[] pointer, string[] path) => pointer.Zip(path).All(pair => pair.First == "*" || pair.First == pair.Second);

    private static List<JsonTree> ChangedAt(IReadOnlyList<JsonTree> items, int index, Random random) =>
        [.. items.Select((item, i) => i == index ? item.Changed(random) : item)];

    private static Dictionary<string, JsonTree> ChangedAt(IReadOnlyDictionary<string, JsonTree> values, string name, Random random) =>
        values.ToDictionary(member => member.Key, member => member.Key == name ? member.Value.Changed(random) : member.Value);

    private static void Space(StringBuilder json, Random random)
    {
        while (random.Next(4) == 0)
        {
            json.Append(" \t\r\n"[random.Next(4)]);
        }
    }

    private static void Quote(StringBuilder json, string text, Random random)
    {
        json.Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            var must = rune.Value is < ' ' or '"' or '\\';
            var shortForm = rune.IsBmp ? "\"\\/\b\f\n\r\t".IndexOf((char)rune.Value, StringComparison.Ordinal) : -1;
            if (shortForm >= 0 && random.Next(2) == 0)
            {
                json.Append('\\').Append("\"\\/bfnrt"[shortForm]);
            }
            else if (must || random.Next(3) == 0)
            {
                foreach (var c in rune.ToString())
                {
                    json.Append("\\u").Append(((int)c).ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture));
                }
            }
            else
            {
                json.Append(rune.ToString());
            }
        }

        json.Append('"');
    }

    private static void Join<T>(StringBuilder json, IEnumerable<T> items, Random random, Action<T> write)
    {
        var first = true;
        foreach (var item in items)
        {
            if (!first)
            {
                json.Append(',');
            }

            first = false;
            Space(json, random);
            write(item);
            Space(json, random);
        }
    }

    internal sealed class Plain(string word) : JsonTree
    {
        private readonly string _word = word;

        public override void Spell(StringBuilder json, Random random) => json.Append(_word);

        public override bool Means(JsonTree other) => other is Plain plain && plain._word == _word;
    }

    internal sealed class Text(string value) : JsonTree
    {
        private readonly string _value = value;

        public override void Spell(StringBuilder json, Random random) => Quote(json, _value, random);

        public override bool Means(JsonTree other) => other is Text text && text._value == _value;
    }

    /// <summary><paramref name="units"/> times ten to the power of <paramref name="exponent"/>.</summary>
    internal sealed class Number(BigInteger units, int exponent) : JsonTree
    {
        private readonly BigInteger _units = units;
        private readonly int _exponent = exponent;

        public override void Spell(StringBuilder json, Random random)
        {
            if (_units.IsZero && random.Next(2) == 0)
            {
                json.Append('-');
            }

            // The point moves to the left by some digits, zeros are put behind it, and the exponent makes up for both.
            var zeros = random.Next(3);
            var units = _units * BigInteger.Pow(10, zeros);
            var shift = random.Next(6);
            var digits = BigInteger.Abs(units).ToString(CultureInfo.InvariantCulture).PadLeft(shift + 1, '0');
            json.Append(units.Sign < 0 ? "-" : "").Append(digits.AsSpan(0, digits.Length - shift));
            if (shift > 0)
            {
                json.Append('.').Append(digits.AsSpan(digits.Length - shift));
            }

            var rest = _exponent - zeros + shift;
            if (rest != 0 || random.Next(2) == 0)
            {
                json.Append(random.Next(2) == 0 ? 'e' : 'E')
                    .Append(rest < 0 ? "-" : random.Next(2) == 0 ? "+" : "")
                    .Append(new string('0', random.Next(3)))
                    .Append(Math.Abs(rest).ToString(CultureInfo.InvariantCulture));
            }
        }

        public override bool Means(JsonTree other)
        {
            if (other is not Number number)
            {
                return false;
            }

            var least = Math.Min(_exponent, number._exponent);
            return _units * BigInteger.Pow(10, _exponent - least) == number._units * BigInteger.Pow(10, number._exponent - least);
        }
    }

    internal sealed class List(IReadOnlyList<JsonTree> items) : JsonTree
    {
        public IReadOnlyList<JsonTree> Items => items;

        public override void Spell(StringBuilder json, Random random)
        {
            json.Append('[');
            Space(json, random);
            Join(json, Items, random, item => item.Spell(json, random));
            json.Append(']');
        }

        public override bool Means(JsonTree other) =>
            other is List list && list.Items.Count == Items.Count && list.Items.Zip(Items).All(pair => pair.First.Means(pair.Second));
    }

    internal sealed class Members(IReadOnlyDictionary<string, JsonTree> values) : JsonTree
    {
        public IReadOnlyDictionary<string, JsonTree> Values => values;

        public override void Spell(StringBuilder json, Random random)
        {
            var shuffled = Values.ToArray();
            random.Shuffle(shuffled);
            json.Append('{');
            Space(json, random);
            Join(json, shuffled, random, member =>
            {
                Quote(json, member.Key, random);
                Space(json, random);
                json.Append(':');
                Space(json, random);
                member.Value.Spell(json, random);
            });
            json.Append('}');
        }

        public override bool Means(JsonTree other) => other is Members members && SameMembers(Values, members.Values);
    }

    /// <summary>What is left of a list: elements by index.</summary>
    private sealed class Elements(IReadOnlyDictionary<string, JsonTree> values) : JsonTree
    {
        private readonly IReadOnlyDictionary<string, JsonTree> _values = values;

        public override void Spell(StringBuilder json, Random random) => throw new NotSupportedException("There is no JSON for a list with holes.");

        public override bool Means(JsonTree other) => other is Elements elements && SameMembers(_values, elements._values);
    }

    private static bool SameMembers(IReadOnlyDictionary<string, JsonTree> one, IReadOnlyDictionary<string, JsonTree> other) =>
        one.Count == other.Count && one.All(member => other.TryGetValue(member.Key, out var value) && member.Value.Means(value));
}
