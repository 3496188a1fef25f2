using System.Globalization;

namespace Gateway.Idempotency.Policies;

/// <summary>
/// Reads one configuration section strictly: every value has a type and a range, every key that nobody asked for is a fault
/// (a typo must not switch protection off), and all faults are collected.
/// </summary>
internal sealed class SectionReader(IConfigurationSection section, ICollection<ConfigurationFault> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string Path => section.Path;

    public void Fault(string key, string problem, string cure) => faults.Add(new($"{section.Path}:{key}", problem, cure));

    /// <summary>Of the section itself, where a key must not be named.</summary>
    public void FaultHere(string problem, string cure) => faults.Add(new(section.Path, problem, cure));

    public string? Text(string key)
    {
        var value = Get(key);
        if (value.GetChildren().Any())
        {
            Fault(key, "is a list or an object.", "Write one value.");
            return null;
        }

        return string.IsNullOrEmpty(value.Value) ? null : value.Value;
    }

    public bool Flag(string key, bool fallback)
    {
        var text = Text(key);
        if (text is null)
        {
            return fallback;
        }

        if (!bool.TryParse(text, out var flag))
        {
            Fault(key, $"'{text}' is neither true nor false.", $"Write true or false (default: {(fallback ? "true" : "false")}).");
        }

        return flag;
    }

    public int Number(string key, int fallback, int least, int most) => (int)Number(key, (long)fallback, least, most);

    public long Number(string key, long fallback, long least, long most)
    {
        var text = Text(key);
        if (text is null)
        {
            return fallback;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(key, $"'{text}' is not a whole number from {least} to {most}.", $"Write one in that range (default: {fallback}).");
        return fallback;
    }

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        var text = Text(key);
        if (text is null)
        {
            return fallback;
        }

        // A bare "30" would be thirty days, and TryParse takes "24:00:00" for twenty-four: .NET's rules, and nobody's wish.
        if (text.Contains(':') && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var duration) && duration >= least && duration <= most)
        {
            return duration;
        }

        Fault(key, $"'{text}' is not a duration from {least:c} to {most:c}.", $"Write [d.]hh:mm:ss (default: {fallback:c}).");
        return fallback;
    }

    /// <param name="later">Names that the design knows and this version does not offer: said plainly, never ignored.</param>
    public T Choice<T>(string key, T fallback, params ReadOnlySpan<string> later)
        where T : struct, Enum
    {
        var text = Text(key);
        if (text is null)
        {
            return fallback;
        }

        var names = string.Join(", ", Enum.GetNames<T>());
        foreach (var name in later)
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                Fault(key, $"'{name}' is not available in this version.", $"Write one of: {names}.");
                return fallback;
            }
        }

        // Enum.TryParse takes numbers as well; only names are meant.
        if (Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) && Enum.TryParse<T>(text, ignoreCase: true, out var choice))
        {
            return choice;
        }

        Fault(key, $"'{text}' is unknown.", $"Write one of: {names} (default: {fallback}).");
        return fallback;
    }

    /// <summary>Whether the key is there and says something: null and absent are the same.</summary>
    public bool Has(string key)
    {
        var value = Get(key);
        return value.Value is not null || value.GetChildren().Any();
    }

    /// <summary>The list, the fallback where the key is absent; an empty list where <c>[]</c> is written.</summary>
    public IReadOnlyList<string> List(string key, IReadOnlyList<string> fallback)
    {
        var value = Get(key);
        var items = value.GetChildren().ToList();
        if (items.Count == 0)
        {
            if (!string.IsNullOrEmpty(value.Value))
            {
                Fault(key, $"'{value.Value}' is one value.", "Write a list: [ … ].");
            }

            // "[]" is an empty string here, an absent key and null are null.
            return value.Value is null ? fallback : [];
        }

        foreach (var item in items.Where(item => string.IsNullOrEmpty(item.Value)))
        {
            Fault($"{key}:{item.Key}", "is not a value.", "A list holds texts or numbers.");
        }

        return [.. items.Select(item => item.Value).OfType<string>().Where(item => item.Length > 0)];
    }

    public IReadOnlyList<string> HeaderNames(string key)
    {
        var names = List(key, []);
        foreach (var name in names)
        {
            RefuseBadHeaderName(key, name);
        }

        return names;
    }

    public void RefuseBadHeaderName(string key, string name)
    {
        if (!HeaderName.IsValid(name))
        {
            Fault(key, $"'{name}' is not a header name.", "Use letters, digits and hyphens (RFC 9110, section 5.1).");
        }
    }

    /// <param name="isSecret">What may stand in its place is a connection string: it is not repeated.</param>
    public SectionReader Child(string key, bool isSecret = false)
    {
        var child = Get(key);
        if (!string.IsNullOrEmpty(child.Value))
        {
            Fault(key, isSecret ? "is one value." : $"'{child.Value}' is one value.", "Write an object: { … }.");
        }

        return new SectionReader(child, faults);
    }

    /// <summary>The names of the section's members, for sections whose names the user chooses.</summary>
    public IEnumerable<string> Names => section.GetChildren().Select(child => child.Key);

    /// <summary>To be called last: what nobody asked for is not obeyed by anybody.</summary>
    public void RefuseUnknownKeys()
    {
        foreach (var child in section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            Fault(child.Key, "is not a known key.", Nearest(child.Key) is { } near ? $"Did you mean '{near}'?" : $"Known here: {string.Join(", ", _known)}.");
        }
    }

    private IConfigurationSection Get(string key)
    {
        _known.Add(key);
        return section.GetSection(key);
    }

    private string? Nearest(string key) => Spelling.Nearest(key, _known);
}
