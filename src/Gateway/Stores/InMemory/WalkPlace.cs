using System.Globalization;

namespace Gateway.Stores.InMemory;

/// <summary>Where a walk is: by age, and among records of the same moment by key.</summary>
internal readonly record struct WalkPlace(DateTimeOffset CreatedAt, RecordKey Key)
{
    public static WalkPlace Of(StoredRecord record) => new(record.CreatedAt, record.Key);

    public int CompareTo(RecordWalk walk, WalkPlace other)
    {
        var byAge = CreatedAt.CompareTo(other.CreatedAt) is not 0 and var age ? age : Key.Value.CompareTo(other.Key.Value);
        return walk == RecordWalk.Open ? byAge : -byAge;
    }

    public string Text(RecordWalk walk) => string.Create(CultureInfo.InvariantCulture, $"{walk}:{CreatedAt.UtcTicks}:{Key.Value:x32}");

    /// <exception cref="FormatException">Not a place of this walk.</exception>
    public static WalkPlace Parse(RecordWalk walk, string text) =>
        text.Split(':') is [var name, var ticks, var key] && name == walk.ToString()
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var moment) && moment <= DateTimeOffset.MaxValue.UtcTicks
        && UInt128.TryParse(key, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new WalkPlace(new DateTimeOffset(moment, TimeSpan.Zero), new RecordKey(value))
            : throw new FormatException($"'{text}' is no place of the walk {walk}.");
}
