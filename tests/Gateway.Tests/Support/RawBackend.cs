using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Support;

/// <summary>One request as a <see cref="RawBackend"/> read it.</summary>
internal sealed record RawRequest(string Head, byte[] Body)
{
    public string Line => Head[..Head.IndexOf('\r', StringComparison.Ordinal)];

    public string? Header(string name) => Head.Split("\r\n").Skip(1)
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim()).SingleOrDefault();
}

/// <summary>What a backend may do on its socket, well-behaved or not.</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: false);

    public NetworkStream Stream => _stream;

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    public Task AnswerAsync(string body, string status = "200 OK", string headers = "") =>
        SendAsync($"HTTP/1.1 {status}\r\n{headers}Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n\r\n{body}");

    /// <summary>FIN: an orderly end.</summary>
    public void Close() => socket.Shutdown(SocketShutdown.Both);

    /// <summary>RST: the connection is gone.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>The head alone; null at the end of the connection.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await _stream.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public async Task<RawRequest?> ReadRequestAsync()
    {
        if (await ReadHeadAsync() is not { } head)
        {
            return null;
        }

        var request = new RawRequest(head, []);
        if (request.Header("Transfer-Encoding") is not null)
        {
            throw new NotSupportedException("A protected request goes out with its length.");
        }

        var body = new byte[int.Parse(request.Header("Content-Length") ?? "0", System.Globalization.CultureInfo.InvariantCulture)];
        await _stream.ReadExactlyAsync(body);
        return request with { Body = body };
    }

    public void Dispose()
    {
        _stream.Dispose();
        socket.Dispose();
    }
}

/// <summary>A backend on a bare socket: for what no well-behaved server does (resets, halves, garbage, silence).</summary>
internal sealed class RawBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<RawConnection> _connections = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Task _accepting;

    private RawBackend(Func<RawConnection, RawBackend, Task> serve)
    {
        _listener.Start();
        _accepting = AcceptAsync(serve);
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    /// <summary>Requests whose head was read.</summary>
    public ConcurrentQueue<RawRequest> Requests { get; } = [];

    public int Connections => _connections.Count;

    /// <summary>Serves whole requests, one after the other on each connection.</summary>
    public static RawBackend Start(Func<RawConnection, RawRequest, Task> respond) => new(async (connection, backend) =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            backend.Record(request);
            await respond(connection, request);
        }
    });

    /// <summary>Answers <c>paid</c>, once it is let go.</summary>
    public static RawBackend StartHeld(Task letGo) => Start(async (connection, _) =>
    {
        await letGo;
        await connection.AnswerAsync("paid");
    });

    /// <summary>Does with each connection what it likes.</summary>
    public static RawBackend StartRaw(Func<RawConnection, RawBackend, Task> serve) => new(serve);

    public void Record(RawRequest request)
    {
        Requests.Enqueue(request);
        _arrived.Release();
    }

    /// <summary>Returns when one more request has arrived.</summary>
    public async Task ArrivedAsync() => Assert.True(await _arrived.WaitAsync(Bounded.Limit), "No request has arrived.");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        await _accepting;
        _stop.Dispose();
        _arrived.Dispose();
    }

    private async Task AcceptAsync(Func<RawConnection, RawBackend, Task> serve)
    {
        try
        {
            while (true)
            {
                var connection = new RawConnection(await _listener.AcceptSocketAsync(_stop.Token));
                _connections.Add(connection);
                _ = ServeAsync(serve, connection);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException) // the last: stopped between two accepts
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Func<RawConnection, RawBackend, Task> serve, RawConnection connection)
    {
        try
        {
            await serve(connection, this);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The gateway closed its side, or the script reset its own.
        }
    }
}
