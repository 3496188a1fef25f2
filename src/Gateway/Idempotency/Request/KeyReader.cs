using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Idempotency.Request;

/// <summary>What the key header held: nothing, a key, or something that breaks a rule.</summary>
internal readonly record struct KeyReading
{
    /// <summary>The decoded key; null if there is none that is valid.</summary>
    public string? Key { get; private init; }

    /// <summary>The header as the client sent it, to be echoed. Only with a valid key that stood in one.</summary>
    public string? Sent { get; private init; }

    /// <summary>The header's name; null: it stood elsewhere.</summary>
    public string? Header { get; init; }

    /// <summary>The rule that was broken, without any byte of what was sent; null if none was.</summary>
    public string? BrokenRule { get; private init; }

    public bool IsAbsent => Key is null && BrokenRule is null;

    public static KeyReading Valid(string key, string? sent) => new() { Key = key, Sent = sent };

    public static KeyReading Broken(string rule) => new() { BrokenRule = rule };
}

/// <summary>
/// Reads the key: an sf-string (RFC 9651, section 3.3.3: <c>"abc"</c>), as the IETF draft has it, or bare (<c>abc</c>), as
/// nearly everybody sends it. Both spell the same key: taking them for two would run a request twice.
/// </summary>
internal static class KeyReader
{
    /// <summary>Looks at every header that may carry the key. Two that carry different ones are no key.</summary>
    public static KeyReading Read(IHeaderDictionary headers, KeyRules rules)
    {
        var found = Read(headers[rules.Header], rules) with { Header = rules.Header };
        if (rules.Aliases.Count == 0)
        {
            return found;
        }

        foreach (var alias in rules.Aliases)
        {
            var other = Read(headers[alias], rules) with { Header = alias };
            if (other.IsAbsent)
            {
                continue;
            }

            if (!found.IsAbsent && (found.Key is null || found.Key != other.Key))
            {
                return KeyReading.Broken($"it is sent in {found.Header} and in {alias}, and they do not hold the same key");
            }

            found = found.IsAbsent ? other : found;
        }

        return found;
    }

    /// <summary>A key that stands in no header: there is nothing to decode, and nothing to echo.</summary>
    public static KeyReading ReadText(string text, KeyRules rules) =>
        text.AsSpan().ContainsAnyExceptInRange('!', '~') ? KeyReading.Broken("it holds characters other than visible ASCII") : Check(text, sent: null, rules);

    public static KeyReading Read(StringValues header, KeyRules rules)
    {
        if (header.Count == 0)
        {
            return default;
        }

        if (header.Count > 1)
        {
            return KeyReading.Broken("the header is sent more than once");
        }

        // RFC 9110, section 5.5: whitespace around a value is no part of it, and not every server takes it away.
        var sent = header.ToString();
        var trimmed = sent.AsSpan().Trim(" \t");
        sent = trimmed.Length == sent.Length ? sent : trimmed.ToString();
        if (sent.Length == 0)
        {
            return KeyReading.Broken("it is empty");
        }

        var key = sent[0] == '"' ? DecodeString(sent, out var rule) : DecodeBare(sent, out rule);
        return key is null ? KeyReading.Broken(rule!) : Check(key, sent, rules);
    }

    private static KeyReading Check(string key, string? sent, KeyRules rules)
    {
        if (key.Length == 0)
        {
            return KeyReading.Broken("it is empty");
        }

        if (key.Length < rules.MinLength)
        {
            return KeyReading.Broken($"it is shorter than {rules.MinLength} characters");
        }

        if (key.Length > rules.MaxLength)
        {
            return KeyReading.Broken($"it is longer than {rules.MaxLength} characters");
        }

        return rules.Format.Matches(key)
            ? KeyReading.Valid(key, sent)
            : KeyReading.Broken($"it is not {rules.Format.Description}");
    }

    private static string? DecodeBare(string sent, out string? rule)
    {
        rule = null;
        foreach (var c in sent)
        {
            switch (c)
            {
                case ',':
                    // An intermediary may join two headers by a comma. A key that holds one is sent as a string.
                    rule = "it holds several values, or a comma outside of quotes";
                    return null;
                case '"':
                    rule = "it has a quote inside and none at the start";
                    return null;
                case < '!' or > '~':
                    rule = "it holds characters other than visible ASCII";
                    return null;
            }
        }

        return sent;
    }

    private static string? DecodeString(string sent, out string? rule)
    {
        rule = null;
        Span<char> decoded = sent.Length <= 256 ? stackalloc char[sent.Length] : new char[sent.Length];
        var length = 0;
        for (var i = 1; i < sent.Length; i++)
        {
            var c = sent[i];
            switch (c)
            {
                case '"' when i == sent.Length - 1:
                    return decoded[..length].ToString();
                case '"':
                    rule = sent.AsSpan(i + 1).TrimStart(" \t")[0] == ','
                        ? "it holds several values"
                        : "something stands behind the closing quote";
                    return null;
                case '\\':
                    if (++i == sent.Length || sent[i] is not ('"' or '\\'))
                    {
                        rule = "a backslash inside quotes may only stand before a quote or a backslash";
                        return null;
                    }

                    c = sent[i];
                    break;
                case < '!' or > '~':
                    rule = "it holds characters other than visible ASCII";
                    return null;
            }

            decoded[length++] = c;
        }

        rule = "its closing quote is missing";
        return null;
    }
}
