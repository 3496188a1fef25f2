using System.Collections.Frozen;
using System.Globalization;

namespace Gateway.Idempotency.Policies;

/// <summary>Status codes as the configuration names them: 200 to 599, and <c>2xx</c> to <c>5xx</c> for a hundred at once.</summary>
internal static class StatusCodeSet
{
    /// <returns>Null: the text names none.</returns>
    public static IEnumerable<int>? Parse(string text)
    {
        if (text is [>= '2' and <= '5', 'x' or 'X', 'x' or 'X'])
        {
            return Enumerable.Range((text[0] - '0') * 100, 100);
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 200 and <= 599 ? [code] : null;
    }

    public static FrozenSet<int> Of(IEnumerable<string> texts) => texts.SelectMany(text => Parse(text) ?? []).ToFrozenSet();

    /// <summary>In order, whole hundreds as one.</summary>
    public static string Text(FrozenSet<int> codes)
    {
        if (codes.Count == 0)
        {
            return "none";
        }

        var hundreds = codes.GroupBy(code => code / 100).OrderBy(hundred => hundred.Key);
        return string.Join(", ", hundreds.SelectMany(hundred => hundred.Count() == 100
            ? [string.Create(CultureInfo.InvariantCulture, $"{hundred.Key}xx")]
            : hundred.Order().Select(code => code.ToString(CultureInfo.InvariantCulture))));
    }
}
