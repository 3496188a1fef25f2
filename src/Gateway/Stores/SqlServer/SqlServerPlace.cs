using System.Globalization;

namespace Gateway.Stores.SqlServer;

/// <summary>How a walk goes through the table.</summary>
internal enum SqlServerWalk
{
    /// <summary>By the index of the open records.</summary>
    Open,

    /// <summary>Past every record, as the index is missing.</summary>
    OpenAmongAll,

    All,
}

/// <summary>The last row that a walk has come past.</summary>
internal readonly record struct SqlServerPlace(long CreatedAt, long Id)
{
    public string Text(SqlServerWalk walk) => string.Create(CultureInfo.InvariantCulture, $"{walk}:{CreatedAt}:{Id}");

    /// <exception cref="FormatException">Not a place of this walk.</exception>
    public static SqlServerPlace Parse(SqlServerWalk walk, string text) =>
        text.Split(':') is [var name, var createdAt, var id] && name == walk.ToString()
        && long.TryParse(createdAt, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var moment)
        && long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var row)
            ? new SqlServerPlace(moment, row)
            : throw new FormatException($"'{text}' is no place of the walk {walk}.");
}
