using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

public sealed class KeyReaderProperties
{
    private static readonly KeyRules Rules = new() { MinLength = 2, MaxLength = 8, Format = KeyFormat.Parse("Regex:[^z]*", out _)! };

    /// <summary>All that may ever be said, whatever was sent: texts that cannot carry a byte of it.</summary>
    private static readonly HashSet<string> AllRules =
    [
        "it is empty",
        "the header is sent more than once",
        "it holds characters other than visible ASCII",
        "it holds several values, or a comma outside of quotes",
        "it has a quote inside and none at the start",
        "it holds several values",
        "something stands behind the closing quote",
        "a backslash inside quotes may only stand before a quote or a backslash",
        "its closing quote is missing",
        "it is shorter than 2 characters",
        "it is longer than 8 characters",
        "it is not a key that matches [^z]*",
    ];

    [Property(MaxTest = 2000, Arbitrary = [typeof(HeaderTexts)])]
    public void A_broken_rule_never_tells_what_was_sent(string[] sent)
    {
        var reading = KeyReader.Read(new StringValues(sent), Rules);

        if (reading.BrokenRule is { } rule)
        {
            Assert.Contains(rule, AllRules);
            Assert.Null(reading.Key);
            Assert.Null(reading.Sent);
        }
        else
        {
            Assert.Equal(sent.Length == 0, reading.IsAbsent);
        }
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(HeaderTexts)])]
    public void A_key_is_only_ever_visible_ascii_within_the_limits(string sent)
    {
        if (KeyReader.Read(sent, Rules).Key is { } key)
        {
            Assert.InRange(key.Length, 2, 8);
            Assert.All(key, c => Assert.InRange(c, '!', '~'));
        }
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(VisibleTexts)])]
    public void Any_visible_ascii_text_sent_as_a_string_is_itself(string key)
    {
        var sent = AsString(key);

        var reading = KeyReader.Read(sent, new KeyRules());

        Assert.Equal(key, reading.Key);
        Assert.Equal(sent, reading.Sent);
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(VisibleTexts)])]
    public void A_key_that_can_be_sent_bare_is_the_same_key_quoted(string key)
    {
        if (key.AsSpan().ContainsAny('"', ','))
        {
            Assert.NotNull(KeyReader.Read(key.TrimStart('"') + ",", new KeyRules()).BrokenRule);
            return;
        }

        Assert.Equal(KeyReader.Read(AsString(key), new KeyRules()).Key, KeyReader.Read(key, new KeyRules()).Key);
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(VisibleTexts)])]
    public void Two_keys_are_never_taken_for_one(string one, string other) =>
        Assert.Equal(one == other, KeyReader.Read(AsString(one), new KeyRules()).Key == KeyReader.Read(AsString(other), new KeyRules()).Key);

    /// <summary>RFC 9651, section 4.1.6.</summary>
    private static string AsString(string key) =>
        $"\"{key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>What somebody may put into a header: mostly the characters that mean something, at any place.</summary>
public static class HeaderTexts
{
    private static readonly Gen<char> Characters = Gen.OneOf(
        Gen.Elements('"', '\\', ',', ';', '=', ' ', '\t', 'a', 'z', '\0', '\n', '\u007F', '\u00E9', '\uD800'),
        Gen.Choose(0, 0xFFFF).Select(code => (char)code),
        Gen.Choose('!', '~').Select(code => (char)code));

    private static readonly Gen<string> Plain = Characters.ArrayOf().Select(characters => new string(characters));

    private static readonly Gen<string> Quoted = Plain.Select(text => $"\"{text}\"");

    public static Arbitrary<string> Text() => Gen.OneOf(Plain, Quoted, Quoted.Select(text => text + " ")).ToArbitrary();

    public static Arbitrary<string[]> Texts() =>
        Gen.Frequency(
            (8, Text().Generator.Select(text => new[] { text })),
            (1, Gen.Elements<string[]>([], [null!])),
            (1, Text().Generator.Select(text => new[] { text, text })))
            .ToArbitrary();
}

/// <summary>Texts that any format but a policy's own would take: 1 to 255 visible ASCII characters.</summary>
public static class VisibleTexts
{
    public static Arbitrary<string> Text() =>
        Gen.Choose(1, 255)
            .SelectMany(length => Gen.OneOf(Gen.Elements('"', '\\'), Gen.Choose('!', '~').Select(code => (char)code)).ArrayOf(length))
            .Select(characters => new string(characters))
            .ToArbitrary();
}
