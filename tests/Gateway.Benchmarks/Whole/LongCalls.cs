using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Whole;

/// <summary>Thousands of requests that a slow backend holds: what each takes of the gateway's memory, and what keeping their leases alive costs meanwhile.</summary>
internal sealed class LongCalls(BenchOptions options, int requests) : IDisposable
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    public void Dispose() => _client.Dispose();

    public async Task<string> RunAsync()
    {
        var rows = new StringBuilder();
        foreach (var route in (string[])["open", "pay"])
        {
            using var site = await BenchSite.StartAsync(options); // anew: memory that was in use once is not given back
            foreach (var (store, gateway) in site.Gateways)
            {
                Console.Error.WriteLine($"{store}, {route}: {requests} long calls");
                rows.AppendLine(await MeasureAsync(site, store, gateway, route));
            }
        }

        return $"""
            | | memory per request | CPU of the gateway | of Redis |
            |---|---|---|---|
            {rows}
            {requests} requests at once, held by the backend for {Watched.TotalSeconds:0} s and more; leases of 30 s, each renewed every 10 s.

            """;
    }

    private async Task<string> MeasureAsync(BenchSite site, string store, BenchServer gateway, string route)
    {
        var before = gateway.ResidentBytes;
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < requests; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
                await socket.SendAsync(Encoding.ASCII.GetBytes(
                    $"POST /{route}/hold HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: {Guid.NewGuid()}\r\nContent-Length: 1024\r\n\r\n\"{new string('x', 1022)}\""));
            }

            while (await HeldAsync(site) < requests)
            {
                await Task.Delay(100);
            }

            var (cpu, redis) = (gateway.CpuMicroseconds, site.Redis.CpuMicroseconds);
            await Task.Delay(Watched);
            (cpu, redis) = (gateway.CpuMicroseconds - cpu, site.Redis.CpuMicroseconds - redis);
            var (perRequest, name) = ((gateway.ResidentBytes - before) / 1024.0 / requests, route == "open" ? "unprotected" : "new keys");
            var ofRedis = store == "Redis" ? string.Create(CultureInfo.InvariantCulture, $"{redis / Watched.TotalMicroseconds:0.0 %}") : "";
            return string.Create(CultureInfo.InvariantCulture, $"| {store}, {name} | {perRequest:0.0} KiB | {cpu / Watched.TotalMicroseconds:0.0 %} of a core | {ofRedis} |");
        }
        finally
        {
            await _client.PostAsync(new Uri(site.Backend.Address, "/let-go"), content: null);
            foreach (var socket in sockets)
            {
                await socket.ReceiveAsync(new byte[2048]);
                socket.Dispose();
            }
        }
    }

    private async Task<int> HeldAsync(BenchSite site) => int.Parse(await _client.GetStringAsync(new Uri(site.Backend.Address, "/held")), CultureInfo.InvariantCulture);
}
