using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gateway.Idempotency.Request;

/// <summary>
/// Writes a JSON document so that documents that mean the same become the same bytes, and no two others do: members sorted
/// by name, strings unescaped, numbers as sign, digits and exponent (never through a double), everything tagged and
/// length-prefixed.
/// </summary>
/// <remarks>
/// One pass, memory in proportion to the body, depth bounded by <see cref="Utf8JsonReader"/> (64). A document that is not
/// valid JSON, is deeper, or repeats a name is refused: parsers disagree about what it means, so only its bytes can be compared.
/// </remarks>
internal ref struct JsonCanonicalizer
{
    /// <summary>Members: 64 KiB per thread.</summary>
    private const int MostSpare = 4096;

    /// <summary>Of those that are not in use.</summary>
    [ThreadStatic]
    private static List<Member>? _spareMembers;

    private readonly PooledBuffer _output;
    private readonly List<Member> _members;
    private Utf8JsonReader _reader;

    private JsonCanonicalizer(ReadOnlySpan<byte> json, PooledBuffer output)
    {
        _reader = new Utf8JsonReader(json);
        _output = output;
        _members = _spareMembers ?? [];
        _spareMembers = null;
        _members.Clear(); // a document that was refused has left some
    }

    /// <returns>False: refused. What was written until then has no meaning.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> json, JsonSelection selection, PooledBuffer output)
    {
        // Utf8JsonReader does not look at the bytes inside of a string until it is unescaped.
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        var canonicalizer = new JsonCanonicalizer(json, output);
        try
        {
            canonicalizer._reader.Read();
            return canonicalizer.WriteValue(selection.Root, out _) && !canonicalizer._reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false; // a string that is no Unicode, such as a lone surrogate
        }
        finally
        {
            if (canonicalizer._members.Capacity <= MostSpare)
            {
                _spareMembers = canonicalizer._members;
            }
        }
    }

    /// <param name="kept">False: the pointers leave nothing of it, and nothing was written.</param>
    /// <returns>False: a name is repeated.</returns>
    private bool WriteValue(in JsonPosition position, out bool kept)
    {
        kept = true;
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return WriteObject(position, out kept);
            case JsonTokenType.StartArray:
                return WriteArray(position, out kept);
        }

        // A pointer that goes deeper than a plain value points at nothing.
        if (position.IsPartial)
        {
            kept = false;
            return true;
        }

        switch (_reader.TokenType)
        {
            case JsonTokenType.String:
                _output.WriteByte((byte)'s');
                WriteString();
                break;
            case JsonTokenType.Number:
                JsonNumber.Write(_reader.ValueSpan, _output);
                break;
            case JsonTokenType.True:
                _output.WriteByte((byte)'t');
                break;
            case JsonTokenType.False:
                _output.WriteByte((byte)'f');
                break;
            case JsonTokenType.Null:
                _output.WriteByte((byte)'0');
                break;
            default:
                throw new JsonException($"Token {_reader.TokenType} is no value.");
        }

        return true;
    }

    private bool WriteObject(in JsonPosition position, out bool kept)
    {
        kept = false;
        var start = _output.Length;
        var firstMember = _members.Count;
        _output.WriteByte((byte)'{');
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var memberStart = _output.Length;
            _output.WriteByte((byte)'n');
            WriteString();
            var nameEnd = _output.Length;
            var below = position.IsWhole ? position : position.Below(Encoding.UTF8.GetString(_output.Slice(memberStart + 5, nameEnd - memberStart - 5)));
            _reader.Read();
            var memberKept = false;
            if (below.IsDropped)
            {
                _reader.Skip();
            }
            else if (!WriteValue(below, out memberKept))
            {
                return false;
            }

            // The name of a member that is left out stays for a moment: a repeated name is refused wherever it stands.
            _members.Add(new Member(memberStart, nameEnd, _output.Length, memberKept));
        }

        if (!SortMembers(start + 1, firstMember, out var any))
        {
            return false;
        }

        _members.RemoveRange(firstMember, _members.Count - firstMember);
        _output.WriteByte((byte)'}');
        kept = any || !position.IsPartial;
        if (!kept)
        {
            _output.Truncate(start);
        }

        return true;
    }

    private bool WriteArray(in JsonPosition position, out bool kept)
    {
        var start = _output.Length;
        var any = false;
        Span<char> digits = stackalloc char[10];
        _output.WriteByte((byte)'[');
        for (var index = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (position.IsWhole)
            {
                if (!WriteValue(position, out _))
                {
                    kept = false;
                    return false;
                }

                continue;
            }

            // With pointers, elements may be missing: each says where it stood.
            index.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
            var below = position.Below(digits[..length]);
            if (below.IsDropped)
            {
                _reader.Skip();
                continue;
            }

            var elementStart = _output.Length;
            _output.WriteByte((byte)'i');
            _output.WriteInt32(index);
            if (!WriteValue(below, out var elementKept))
            {
                kept = false;
                return false;
            }

            any |= elementKept;
            if (!elementKept)
            {
                _output.Truncate(elementStart);
            }
        }

        _output.WriteByte((byte)']');
        kept = any || !position.IsPartial;
        if (!kept)
        {
            _output.Truncate(start);
        }

        return true;
    }

    private void WriteString()
    {
        if (!_reader.ValueIsEscaped)
        {
            _output.WriteBytes(_reader.ValueSpan);
            return;
        }

        var at = _output.Length;
        var length = _reader.CopyString(_output.Take(sizeof(int) + _reader.ValueSpan.Length)[sizeof(int)..]);
        BinaryPrimitives.WriteInt32BigEndian(_output.Slice(at, sizeof(int)), length);
        _output.Truncate(at + sizeof(int) + length);
    }

    /// <summary>Puts the members from <paramref name="firstMember"/> on, written from <paramref name="start"/> on, in order of their names.</summary>
    /// <returns>False: a name is repeated.</returns>
    private readonly bool SortMembers(int start, int firstMember, out bool any)
    {
        any = false;
        var members = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_members)[firstMember..];
        if (members.Length == 0)
        {
            return true;
        }

        if (AreInOrder(members))
        {
            any = true;
            return true;
        }

        var end = members[^1].End;
        members.Sort(new ByName(_output));
        var moved = ArrayPool<byte>.Shared.Rent(end - start);
        try
        {
            var length = 0;
            for (var i = 0; i < members.Length; i++)
            {
                if (i > 0 && Name(_output, members[i]).SequenceEqual(Name(_output, members[i - 1])))
                {
                    return false;
                }

                if (members[i].Kept)
                {
                    any = true;
                    var bytes = _output.Slice(members[i].Start, members[i].End - members[i].Start);
                    bytes.CopyTo(moved.AsSpan(length));
                    length += bytes.Length;
                }
            }

            moved.AsSpan(0, length).CopyTo(_output.Slice(start, length));
            _output.Truncate(start + length);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(moved);
        }
    }

    /// <summary>As most programs write them, and none left out: there is nothing to move.</summary>
    private readonly bool AreInOrder(ReadOnlySpan<Member> members)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (!members[i].Kept || (i > 0 && Name(_output, members[i - 1]).SequenceCompareTo(Name(_output, members[i])) >= 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The name without its tag and length.</summary>
    private static ReadOnlySpan<byte> Name(PooledBuffer output, in Member member)
    {
        var nameStart = member.Start + 1 + sizeof(int);
        return output.Slice(nameStart, member.NameEnd - nameStart);
    }

    private readonly record struct Member(int Start, int NameEnd, int End, bool Kept);

    private readonly struct ByName(PooledBuffer output) : IComparer<Member>
    {
        public int Compare(Member x, Member y) => Name(output, x).SequenceCompareTo(Name(output, y));
    }
}
