using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace Gateway.Stores.Redis;

/// <summary>
/// Lets commands of requests that run at the same time go out in one packet. The client sends what it has, flushes, and looks for more; here the
/// flush ends only when the work that was ready before it has had its turn. The first command waits for nothing, and those that the others
/// make meanwhile follow together: fewer packets under load, and fewer times that Redis and this process wake each other.
/// </summary>
/// <remarks>The bytes and their order are the client's own. A socket's flush does nothing else (StackExchange.Redis, BufferedStreamWriter.Switchable.cs, 3.4).</remarks>
internal sealed class CoalescingTunnel : Tunnel
{
    public override ValueTask<Stream?> BeforeAuthenticateAsync(EndPoint endpoint, ConnectionType connectionType, Socket? socket, CancellationToken cancellationToken) =>
        new(socket is null ? null : new CoalescingStream(socket));

    private sealed class CoalescingStream(Socket socket) : NetworkStream(socket)
    {
        /// <summary>Behind everything in the thread pool's common queue.</summary>
        public override Task FlushAsync(CancellationToken cancellationToken) =>
            Task.Factory.StartNew(static () => { }, cancellationToken, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
    }
}
