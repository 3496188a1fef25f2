namespace Gateway.Idempotency.Policies;

/// <summary>Finds what a misspelt name was probably meant to be.</summary>
internal static class Spelling
{
    /// <returns>The candidate at the smallest edit distance, if that is at most a third of the name (and at least 1).</returns>
    public static string? Nearest(string name, IEnumerable<string> candidates) => candidates
        .Where(candidate => Math.Abs(candidate.Length - name.Length) <= Math.Max(1, name.Length / 3)) // the distance is no smaller than that
        .Select(candidate => (candidate, distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
        .Where(pair => pair.distance <= Math.Max(1, name.Length / 3))
        .OrderBy(pair => pair.distance)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    /// <summary>Characters to add, take away, change, or swap with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        var (before, above, row) = (new int[b.Length + 1], Enumerable.Range(0, b.Length + 1).ToArray(), new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, above, row) = (above, row, before);
        }

        return above[b.Length];
    }
}
