using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Stores.Redis;
using Gateway.Tests.Support;
using StackExchange.Redis;

namespace Gateway.Tests.Stores.Redis;

public sealed class RedisSettingsTests
{
    [Fact]
    public void Commands_go_out_together_unless_the_user_has_a_tunnel()
    {
        Assert.IsType<CoalescingTunnel>(Settings("localhost:6379").Tunnel);
        var theirs = Settings("localhost:6379,tunnel=http:proxy:8080").Tunnel;
        Assert.NotNull(theirs);
        Assert.IsNotType<CoalescingTunnel>(theirs);
    }

    [Fact]
    public async Task What_is_written_arrives_in_its_order_and_a_flush_ends()
    {
        using var connection = await Connection.OpenAsync();
        var (client, server, stream) = (connection.Client, connection.Server, connection.Stream);
        for (var i = 0; i < 100; i++)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{i:D3}"));
            await stream.FlushAsync().WithinLimit();
        }

        client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(server.GetStream());
        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(i => $"{i:D3}")), await reader.ReadToEndAsync().WithinLimit());
        await server.GetStream().WriteAsync("back"u8.ToArray());
        var back = new byte[4];
        await stream.ReadExactlyAsync(back);
        Assert.Equal("back"u8.ToArray(), back);
    }

    [Fact]
    public async Task A_flush_ends_behind_the_work_that_was_ready_before_it()
    {
        using var connection = await Connection.OpenAsync();

        var flush = connection.Stream.FlushAsync();

        Assert.Equal(TaskCreationOptions.PreferFairness, flush.CreationOptions); // the pool's common queue, where a socket's own flush is done at once
        await flush.WithinLimit();
    }

    [Fact]
    public async Task Where_there_is_no_socket_there_is_no_stream_of_it() =>
        Assert.Null(await new CoalescingTunnel().BeforeAuthenticateAsync(new DnsEndPoint("localhost", 1), ConnectionType.Interactive, socket: null, CancellationToken.None));

    private static ConfigurationOptions Settings(string configuration) =>
        RedisStoreRegistration.Settings(new RedisStoreOptions { Configuration = configuration, KeyPrefix = "p:" });

    /// <summary>A client's socket with the tunnel's stream over it, and the other end.</summary>
    private sealed class Connection : IDisposable
    {
        private Connection(Socket client, TcpClient server, Stream stream) => (Client, Server, Stream) = (client, server, stream);

        public Socket Client { get; }

        public TcpClient Server { get; }

        public Stream Stream { get; }

        public static async Task<Connection> OpenAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndpoint);
            var server = await listener.AcceptTcpClientAsync();
            var stream = await new CoalescingTunnel().BeforeAuthenticateAsync(listener.LocalEndpoint, ConnectionType.Interactive, client, CancellationToken.None);
            return new Connection(client, server, stream!);
        }

        public void Dispose()
        {
            Stream.Dispose();
            Server.Dispose();
            Client.Dispose();
        }
    }
}
