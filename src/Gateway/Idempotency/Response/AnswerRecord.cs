using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Gateway.Stores;

namespace Gateway.Idempotency.Response;

/// <summary>What a completed record holds.</summary>
internal enum AnswerKind : byte
{
    /// <summary>The whole answer.</summary>
    Whole = 1,

    /// <summary>The request has run and its answer was given, but is not kept: too large, a stream, or by the policy.</summary>
    Tombstone = 2,
}

/// <summary>
/// The stored form of an answer. Version 1, big endian:
/// <code>
///  0  1  version            12  4  length of the head
///  1  1  kind               16  4  length of the body
///  2  2  status             20  8  XxHash3 of all other bytes
///  4  8  completed at, ms   28     head: reason phrase, headers, trailers; then the body
/// </code>
/// Texts are UTF-8 behind a 4-byte length; a reason phrase of length -1 is the status's usual one; headers and trailers are
/// a 4-byte count and then name and value of each line.
/// </summary>
/// <remarks>An unknown version, a cut or a flipped bit is an error, never "not found": that would run the request again.</remarks>
internal readonly struct AnswerRecord
{
    public const byte Version = 1;
    private const int FixedSize = 28;
    private const int ChecksumAt = 20;

    /// <summary>It has several hundred bytes of state.</summary>
    [ThreadStatic]
    private static XxHash3? _hash;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _headLength;

    private AnswerRecord(ReadOnlyMemory<byte> bytes, int headLength)
    {
        _bytes = bytes;
        _headLength = headLength;
    }

    public AnswerKind Kind => (AnswerKind)_bytes.Span[1];

    public int Status => BinaryPrimitives.ReadUInt16BigEndian(_bytes.Span[2..]);

    public DateTimeOffset CompletedAt => DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(_bytes.Span[4..]));

    public ReadOnlyMemory<byte> Body => _bytes[(FixedSize + _headLength)..];

    /// <summary>Starts a record's head in <paramref name="head"/>; texts and header lists follow, then <see cref="Finish"/>.</summary>
    public static void Start(PooledBuffer head, AnswerKind kind, int status, DateTimeOffset completedAt, string? reasonPhrase)
    {
        head.WriteByte(Version);
        head.WriteByte((byte)kind);
        BinaryPrimitives.WriteUInt16BigEndian(head.Take(2), (ushort)status);
        head.WriteInt64(completedAt.ToUnixTimeMilliseconds());
        head.Take(FixedSize - ChecksumAt + 8).Clear();
        if (reasonPhrase is null)
        {
            head.WriteInt32(-1);
        }
        else
        {
            head.WriteText(reasonPhrase);
        }
    }

    /// <summary>Joins head and body to the stored bytes, which live as long as <paramref name="body"/> does.</summary>
    public static ReadOnlyMemory<byte> Finish(PooledBuffer head, AnswerBuffer body)
    {
        var record = body.Prepend(head.Written);
        var span = record.Span;
        BinaryPrimitives.WriteInt32BigEndian(span[12..], head.Length - FixedSize);
        BinaryPrimitives.WriteInt32BigEndian(span[16..], body.Length);
        BinaryPrimitives.WriteUInt64BigEndian(span[ChecksumAt..], Checksum(span));
        return record;
    }

    /// <exception cref="InvalidDataException">These bytes are not a whole record of a version that is known here.</exception>
    public static AnswerRecord Read(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < FixedSize)
        {
            throw new InvalidDataException($"An answer record of {span.Length} bytes is cut.");
        }

        if (span[0] != Version)
        {
            throw new InvalidDataException($"An answer record has version {span[0]}; this gateway knows version {Version}.");
        }

        var headLength = BinaryPrimitives.ReadInt32BigEndian(span[12..]);
        var bodyLength = BinaryPrimitives.ReadInt32BigEndian(span[16..]);
        if (headLength < 0 || bodyLength < 0 || (long)FixedSize + headLength + bodyLength != span.Length)
        {
            throw new InvalidDataException("An answer record is not as long as it says.");
        }

        if (BinaryPrimitives.ReadUInt64BigEndian(span[ChecksumAt..]) != Checksum(span))
        {
            throw new InvalidDataException("An answer record's checksum is wrong.");
        }

        var record = new AnswerRecord(bytes, headLength);
        if (record.Kind is not (AnswerKind.Whole or AnswerKind.Tombstone))
        {
            throw new InvalidDataException($"An answer record has the unknown kind {(byte)record.Kind}.");
        }

        if (record.Status is < 100 or > 999 || !StoredTime.IsValid(BinaryPrimitives.ReadInt64BigEndian(span[4..])))
        {
            throw new InvalidDataException("An answer record has a status or a time that cannot be.");
        }

        // Found now and not in the middle of a replay, whose status would be out by then.
        return new HeadReader(span.Slice(FixedSize, headLength)).IsWhole()
            ? record
            : throw new InvalidDataException("An answer record's head is not made of what it should be.");
    }

    public HeadReader ReadHead() => new(_bytes.Span.Slice(FixedSize, _headLength));

    private static ulong Checksum(ReadOnlySpan<byte> record)
    {
        var hash = _hash ??= new XxHash3();
        hash.Append(record[..ChecksumAt]);
        hash.Append(record[(ChecksumAt + sizeof(ulong))..]);
        var checksum = hash.GetCurrentHashAsUInt64();
        hash.Reset();
        return checksum;
    }

    /// <summary>Walks the head in its order: reason phrase, then the count and lines of headers, then those of trailers.</summary>
    public ref struct HeadReader(ReadOnlySpan<byte> head)
    {
        private ReadOnlySpan<byte> _rest = head;

        public string? ReadReasonPhrase() => ReadText();

        public int ReadCount() => ReadInt32();

        public (string Name, string Value) ReadLine() => (ReadText()!, ReadText()!);

        /// <summary>Walks all of it, and makes nothing: no length and no count can ask for more than there is.</summary>
        public bool IsWhole()
        {
            if (!TrySkipText(least: -1))
            {
                return false;
            }

            for (var list = 0; list < 2; list++)
            {
                if (_rest.Length < sizeof(int) || ReadInt32() is var count && count < 0)
                {
                    return false;
                }

                for (; count > 0; count--)
                {
                    if (!TrySkipText(least: 0) || !TrySkipText(least: 0))
                    {
                        return false;
                    }
                }
            }

            return _rest.IsEmpty;
        }

        private bool TrySkipText(int least)
        {
            if (_rest.Length < sizeof(int))
            {
                return false;
            }

            var length = ReadInt32();
            if (length < least || length > _rest.Length)
            {
                return false;
            }

            _rest = _rest[Math.Max(length, 0)..];
            return true;
        }

        private string? ReadText()
        {
            var length = ReadInt32();
            if (length < 0)
            {
                return null;
            }

            var text = Encoding.UTF8.GetString(_rest[..length]);
            _rest = _rest[length..];
            return text;
        }

        private int ReadInt32()
        {
            var value = BinaryPrimitives.ReadInt32BigEndian(_rest);
            _rest = _rest[sizeof(int)..];
            return value;
        }
    }
}
