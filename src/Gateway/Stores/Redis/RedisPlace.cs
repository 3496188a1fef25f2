using System.Globalization;

namespace Gateway.Stores.Redis;

/// <summary>
/// How far a walk has come: in which part of the key space, and with which cursor of which server. The cursor has a meaning on
/// that server alone: where the part is another one's by now, it is looked through from its start.
/// </summary>
internal readonly record struct RedisPlace(int Part, ulong Cursor, string EndPoint)
{
    public string Text(RecordWalk walk) => string.Create(CultureInfo.InvariantCulture, $"{walk}:{Part}:{Cursor}:{EndPoint}");

    /// <exception cref="FormatException">Not a place of this walk.</exception>
    public static RedisPlace Parse(RecordWalk walk, string text) =>
        text.Split(':', 4) is [var name, var part, var cursor, { Length: > 0 } endPoint] && name == walk.ToString()
        && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && ulong.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? new RedisPlace(number, position, endPoint)
            : throw new FormatException($"'{text}' is no place of the walk {walk}.");
}
