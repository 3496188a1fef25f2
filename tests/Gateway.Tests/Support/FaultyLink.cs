using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Support;

/// <summary>What a wire can do to a store.</summary>
internal enum LinkFault
{
    None,

    /// <summary>Nobody listens, and what was connected is reset.</summary>
    Refused,

    /// <summary>Connections are accepted, and nothing passes, until it is mended; then everything does.</summary>
    Hung,

    /// <summary>The same, but what was connected by then stays dead for ever, without a word.</summary>
    Vanished,

    /// <summary>What is sent arrives; in the place of the reply comes a reset.</summary>
    ReplyLost,

    /// <summary>Each piece of a reply comes late.</summary>
    Slow,
}

/// <summary>A wire between the gateway and a real server, with faults to order.</summary>
internal sealed class FaultyLink : IAsyncDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);

    private readonly EndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Pair> _pairs = [];
    private TcpListener _listener;
    private TaskCompletionSource _flow = new();
    private volatile LinkFault _fault;

    private FaultyLink(EndPoint target, int port)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _flow.SetResult();
        _ = AcceptAsync(_listener);
    }

    public int Port { get; }

    /// <param name="ownPort">0: any that is free.</param>
    public static FaultyLink To(string host, int port, int ownPort = 0) => new(new DnsEndPoint(host, port), ownPort);

    public void Break(LinkFault fault)
    {
        lock (_gate)
        {
            _fault = fault;
            if (fault is LinkFault.Hung or LinkFault.Vanished)
            {
                _flow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (fault == LinkFault.Refused)
            {
                _listener.Stop();
                foreach (var pair in _pairs)
                {
                    pair.Reset();
                }

                _pairs.Clear();
            }
        }
    }

    public void Mend()
    {
        lock (_gate)
        {
            if (_fault == LinkFault.Refused)
            {
                _listener = new TcpListener(IPAddress.Loopback, Port);
                _listener.Start();
                _ = AcceptAsync(_listener);
            }

            if (_fault == LinkFault.Vanished)
            {
                foreach (var pair in _pairs)
                {
                    pair.IsDead = true;
                }
            }

            _fault = LinkFault.None;
            _flow.TrySetResult();
        }
    }

    /// <summary>What has vanished for ever is cleared away, as the operating systems at both ends do after hours.</summary>
    public void ForgetTheDead()
    {
        lock (_gate)
        {
            foreach (var pair in _pairs.Where(pair => pair.IsDead))
            {
                pair.Reset();
            }

            _pairs.RemoveWhere(pair => pair.IsDead);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        lock (_gate)
        {
            _listener.Dispose();
            foreach (var pair in _pairs)
            {
                pair.Reset();
            }

            _flow.TrySetResult();
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            client.NoDelay = true;
            var pair = new Pair(client, new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            lock (_gate)
            {
                _pairs.Add(pair);
            }

            _ = ServeAsync(pair);
        }
    }

    private async Task ServeAsync(Pair pair)
    {
        try
        {
            await PassableAsync(pair);
            await pair.Server.ConnectAsync(_target);
            await Task.WhenAny(PumpAsync(pair, pair.Client, pair.Server, isReply: false), PumpAsync(pair, pair.Server, pair.Client, isReply: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone.
        }

        pair.Reset();
        lock (_gate)
        {
            _pairs.Remove(pair);
        }
    }

    private async Task PumpAsync(Pair pair, Socket from, Socket to, bool isReply)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                await PassableAsync(pair);
                if (isReply && _fault == LinkFault.ReplyLost)
                {
                    return;
                }

                if (isReply && _fault == LinkFault.Slow)
                {
                    await Task.Delay(Delay);
                }

                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone.
        }
    }

    private async Task PassableAsync(Pair pair)
    {
        Task flow;
        lock (_gate)
        {
            flow = _flow.Task;
        }

        await flow;
        if (pair.IsDead)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Pair(Socket client, Socket server)
    {
        public Socket Client => client;

        public Socket Server => server;

        public volatile bool IsDead;

        public void Reset()
        {
            try
            {
                client.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone by itself.
            }

            client.Dispose();
            server.Dispose();
        }
    }
}
