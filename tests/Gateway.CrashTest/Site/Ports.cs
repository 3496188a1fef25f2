using System.Net;
using System.Net.Sockets;

namespace Gateway.CrashTest.Site;

/// <summary>
/// Ports for what is killed and has to come back under the same number. None that the system gives to outgoing connections:
/// one of those could take it meanwhile.
/// </summary>
internal static class Ports
{
    private static int _last = Random.Shared.Next(20_000, 30_000); // several runs at a time begin far apart

    public static int Next()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref _last);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }
}
