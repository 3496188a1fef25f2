using System.Buffers.Binary;
using System.Text;

namespace Gateway.Stores.Redis;

/// <summary>
/// A record as one packed string, version 1, big endian:
/// <code>
///  0  1  version        66  8  created at, ms since 1970 UTC
///  1  1  state          74  8  retention, ms
///  2 16  claim          82  2  length of the label, then the label (operation, key, actor)
/// 18 48  fingerprint        then the answer, when completed
/// </code>
/// One packed string takes two thirds of the memory of a hash, and one command.
/// </summary>
internal static class RedisRecord
{
    public const byte Version = 1;
    private const int HeadSize = 84;

    public static byte[] InFlight(BeginRequest request, DateTimeOffset createdAt)
    {
        var label = request.Label;
        var operation = Encoding.UTF8.GetByteCount(label.Operation);
        var key = Encoding.UTF8.GetByteCount(label.Key);
        var labelSize = 2 + operation + 2 + key + 16;
        var value = new byte[HeadSize + labelSize];
        value[0] = Version;
        value[1] = (byte)RecordState.InFlight;
        request.Claim.Write(value.AsSpan(2));
        request.Fingerprint.Write(value.AsSpan(18));
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(66), createdAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(74), (long)request.Retention.TotalMilliseconds);
        BinaryPrimitives.WriteUInt16BigEndian(value.AsSpan(82), checked((ushort)labelSize));
        var rest = value.AsSpan(HeadSize);
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)operation);
        Encoding.UTF8.GetBytes(label.Operation, rest[2..]);
        rest = rest[(2 + operation)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)key);
        Encoding.UTF8.GetBytes(label.Key, rest[2..]);
        BinaryPrimitives.WriteUInt128BigEndian(rest[(2 + key)..], label.Actor);
        return value;
    }

    /// <remarks>There is no checksum over the head: what its parts say of each other is compared, so that damage shows where it would matter most.</remarks>
    /// <exception cref="InvalidDataException">Not a whole record of a known version: an error, never "not found".</exception>
    public static BeginResult Describe(ReadOnlyMemory<byte> value, ClaimToken claim, long leaseLeft)
    {
        var span = value.Span;
        if (span.Length < HeadSize || span[0] != Version)
        {
            throw new InvalidDataException(span.IsEmpty || span[0] == Version
                ? $"A record of {span.Length} bytes is cut."
                : $"A record has version {span[0]}; this gateway knows version {Version}.");
        }

        var label = BinaryPrimitives.ReadUInt16BigEndian(span[82..]);
        if (span.Length < HeadSize + label || !IsLabel(span.Slice(HeadSize, label)))
        {
            throw new InvalidDataException($"A record of {span.Length} bytes is cut, or its label is damaged.");
        }

        var state = (RecordState)span[1];
        if (state != RecordState.Completed && span.Length > HeadSize + label)
        {
            throw new InvalidDataException($"A record in state {span[1]} has an answer."); // it was completed, and must not run again
        }

        var fingerprint = Fingerprint.Read(span[18..]);
        var createdAt = StoredTime.Read(BinaryPrimitives.ReadInt64BigEndian(span[66..]));
        return state switch
        {
            RecordState.Unknown when leaseLeft > 0 => throw new InvalidDataException("A record is marked Unknown, and its lease is alive."),
            RecordState.InFlight when ClaimToken.Read(span[2..]) == claim => BeginResult.Claimed(createdAt),
            RecordState.InFlight when leaseLeft > 0 => BeginResult.InFlight(fingerprint, createdAt, TimeSpan.FromMilliseconds(leaseLeft)),
            RecordState.InFlight or RecordState.Unknown => BeginResult.Unknown(fingerprint, createdAt),
            RecordState.Completed => BeginResult.Completed(fingerprint, createdAt, value[(HeadSize + label)..]),
            _ => throw new InvalidDataException($"A record has the unknown state {span[1]}."),
        };
    }

    /// <param name="value">Whole, or of a completed one the head and the label with at least a byte of the answer.</param>
    /// <param name="timeToLive">Milliseconds.</param>
    /// <param name="now">The moment from which that counts.</param>
    /// <exception cref="InvalidDataException">Not a whole record of a known version, or one that never ends.</exception>
    public static StoredRecord Tell(RecordKey key, ReadOnlyMemory<byte> value, long timeToLive, DateTimeOffset now)
    {
        var retention = value.Length < HeadSize ? 0 : BinaryPrimitives.ReadInt64BigEndian(value.Span[74..]);
        var expiresAt = now.ToUnixTimeMilliseconds() + timeToLive;
        if (retention < 0 || timeToLive < 0 || retention > expiresAt || !StoredTime.IsValid(expiresAt))
        {
            throw new InvalidDataException($"A record that is kept for {retention} ms has {timeToLive} ms left.");
        }

        var lease = timeToLive - retention;
        Describe(value, default, lease);
        var span = value.Span;
        var state = (RecordState)span[1];
        var rest = span[HeadSize..];
        var operation = ReadText(ref rest);
        var clientKey = ReadText(ref rest);
        return new StoredRecord(
            key,
            state == RecordState.InFlight && lease <= 0 ? RecordState.Unknown : state,
            ClaimToken.Read(span[2..]),
            StoredTime.Read(BinaryPrimitives.ReadInt64BigEndian(span[66..])),
            state == RecordState.InFlight ? now + TimeSpan.FromMilliseconds(lease) : null,
            now + TimeSpan.FromMilliseconds(timeToLive),
            TimeSpan.FromMilliseconds(retention),
            new RecordLabel(operation, clientKey, BinaryPrimitives.ReadUInt128BigEndian(rest)))
        {
            Answer = value[(HeadSize + BinaryPrimitives.ReadUInt16BigEndian(span[82..]))..],
        };
    }

    /// <param name="value">Whole, or its first two bytes.</param>
    public static bool IsCompleted(ReadOnlySpan<byte> value) => value is [Version, (byte)RecordState.Completed, ..];

    private static string ReadText(ref ReadOnlySpan<byte> label)
    {
        var end = 2 + BinaryPrimitives.ReadUInt16BigEndian(label);
        var text = Encoding.UTF8.GetString(label[2..end]);
        label = label[end..];
        return text;
    }

    private static bool IsLabel(ReadOnlySpan<byte> label)
    {
        for (var text = 0; text < 2; text++)
        {
            if (label.Length < 2 || label.Length < 2 + BinaryPrimitives.ReadUInt16BigEndian(label))
            {
                return false;
            }

            label = label[(2 + BinaryPrimitives.ReadUInt16BigEndian(label))..];
        }

        return label.Length == 16;
    }
}
