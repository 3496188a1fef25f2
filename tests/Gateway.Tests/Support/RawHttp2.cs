using System.Buffers.Binary;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>The type of an HTTP/2 frame (RFC 9113, section 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
}

internal readonly record struct Frame(FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    public bool EndsStream => (Flags & 1) != 0 && Type is FrameType.Data or FrameType.Headers;
}

/// <summary>HTTP/2 by prior knowledge, frame by frame, on a <see cref="RawConnection"/>: for what no HTTP/2 server does.</summary>
internal sealed class RawHttp2(RawConnection connection)
{
    public const string Cluster = """{ "HttpRequest": { "Version": "2", "VersionPolicy": "RequestVersionExact" } }""";

    /// <summary>Reads the client's preface and sends the server's.</summary>
    public async Task StartAsync()
    {
        await connection.Stream.ReadExactlyAsync(new byte["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length]);
        await SendAsync(FrameType.Settings, 0, 0, []);
    }

    /// <summary>The next frame of a request's stream; settings and pings are answered on the way.</summary>
    public async Task<Frame> ReadAsync()
    {
        while (true)
        {
            var head = new byte[9];
            await connection.Stream.ReadExactlyAsync(head);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await connection.Stream.ReadExactlyAsync(payload);
            var frame = new Frame((FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
            switch (frame.Type)
            {
                case FrameType.Settings when (frame.Flags & 1) == 0:
                    await SendAsync(FrameType.Settings, 1, 0, []);
                    break;
                case FrameType.Ping when (frame.Flags & 1) == 0:
                    await SendAsync(FrameType.Ping, 1, 0, payload);
                    break;
                case FrameType.Data or FrameType.Headers or FrameType.ResetStream:
                    return frame;
            }
        }
    }

    /// <summary>Reads until a request has ended; returns its stream.</summary>
    public async Task<int> ReadRequestAsync(RawBackend backend)
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Type == FrameType.Headers)
            {
                backend.Record(new RawRequest($"HEADERS {frame.Stream}\r\n", []));
            }

            if (frame.EndsStream)
            {
                return frame.Stream;
            }
        }
    }

    /// <summary>The status 200 and any header fields, in HPACK without compression.</summary>
    public Task SendHeadersAsync(int stream, bool end, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        using var block = new MemoryStream();
        block.WriteByte(0x88); // :status 200, static table
        foreach (var (name, value) in headers)
        {
            block.WriteByte(0); // literal, new name, not indexed
            Write(block, name);
            Write(block, value);
        }

        return SendAsync(FrameType.Headers, (byte)(end ? 5 : 4), stream, block.ToArray());

        static void Write(MemoryStream block, string text)
        {
            block.WriteByte((byte)text.Length);
            block.Write(Encoding.Latin1.GetBytes(text));
        }
    }

    public Task SendDataAsync(int stream, string text, bool end) => SendAsync(FrameType.Data, (byte)(end ? 1 : 0), stream, Encoding.Latin1.GetBytes(text));

    public Task ResetAsync(int stream, int code)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, code);
        return SendAsync(FrameType.ResetStream, 0, stream, payload);
    }

    public Task GoAwayAsync(int lastStream, int code = 0)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStream);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), code);
        return SendAsync(FrameType.GoAway, 0, 0, payload);
    }

    private async Task SendAsync(FrameType type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await connection.Stream.WriteAsync(frame);
    }
}
