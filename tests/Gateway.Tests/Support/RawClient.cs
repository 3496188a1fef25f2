using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>A client on a bare socket: for exact bytes, and for leaving in the middle.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private RawClient()
    {
    }

    public static async Task<RawClient> ConnectAsync(Uri address)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(address.Host, address.Port);
        return client;
    }

    public static string Post(string path, string key, string body, string headers = "") =>
        $"POST {path} HTTP/1.1\r\nHost: gateway\r\nIdempotency-Key: {key}\r\n{headers}Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}";

    public async Task SendAsync(string text) => await _socket.SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Head and body of the next answer as Latin-1, by its Content-Length (or none).</summary>
    public async Task<(string Head, string Body)> ReadAnswerAsync()
    {
        var head = await ReadHeadOnlyAsync();
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = new byte[length is null ? 0 : int.Parse(length["Content-Length:".Length..], System.Globalization.CultureInfo.InvariantCulture)];
        await new NetworkStream(_socket).ReadExactlyAsync(body).AsTask().WithinLimit();
        return (head, Encoding.Latin1.GetString(body));
    }

    /// <summary>For an answer whose Content-Length announces what is not sent (304).</summary>
    public async Task<string> ReadHeadOnlyAsync()
    {
        var stream = new NetworkStream(_socket);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(one).AsTask().WithinLimit();
            Assert.True(read == 1, $"The connection ended after: {head}");
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public async Task<string> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        await new NetworkStream(_socket).ReadExactlyAsync(bytes).AsTask().WithinLimit();
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>Reads until the server closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        try
        {
            await new NetworkStream(_socket).CopyToAsync(all).WithinLimit();
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Bytes that have come and are not read yet.</summary>
    public int Available => _socket.Available;

    public void Close() => _socket.Close();

    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}
