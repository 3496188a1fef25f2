using System.Globalization;

namespace Gateway.Stores.Sqlite;

/// <summary>How a walk goes through the file.</summary>
internal enum SqliteWalk
{
    /// <summary>By the index of the open records.</summary>
    Open,

    /// <summary>Past every record, as the index is missing.</summary>
    OpenAmongAll,

    All,
}

/// <summary>The last row that a walk has come past.</summary>
internal readonly record struct SqlitePlace(long CreatedAt, long Id)
{
    public string Text(SqliteWalk walk) => string.Create(CultureInfo.InvariantCulture, $"{walk}:{CreatedAt}:{Id}");

    /// <exception cref="FormatException">Not a place of this walk.</exception>
    public static SqlitePlace Parse(SqliteWalk walk, string text) =>
        text.Split(':') is [var name, var createdAt, var id] && name == walk.ToString()
        && long.TryParse(createdAt, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var moment)
        && long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var row)
            ? new SqlitePlace(moment, row)
            : throw new FormatException($"'{text}' is no place of the walk {walk}.");
}
