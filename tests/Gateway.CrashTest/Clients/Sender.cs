using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest.Clients;

/// <summary>Sends one attempt, and records what its client saw.</summary>
internal sealed class Sender(Timeline time) : IDisposable
{
    /// <summary>The most patient client's. No answer may take that long.</summary>
    public static readonly TimeSpan Endless = TimeSpan.FromSeconds(60);

    /// <summary>Headers that may differ from answer to answer.</summary>
    private static readonly HashSet<string> Changing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Date", "Server", "Connection", "Keep-Alive", "Transfer-Encoding", "Idempotent-Replayed", "Idempotency-Status",
    };

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <param name="patience">How long the client waits before it hangs up; null: to the end.</param>
    public async Task<Outcome> SendAsync(Intent intent, GatewayNode gateway, Knobs knobs, BodySpelling body, TimeSpan? patience = null, bool isAudit = false)
    {
        var attempt = new Attempt { Gateway = gateway.Number, Started = time.Now, IsWrongBody = body == BodySpelling.Other, Knobs = knobs, IsAudit = isAudit };
        intent.Add(attempt);
        using var leaves = new CancellationTokenSource(patience ?? Endless);
        try
        {
            using var request = Build(intent, gateway.Address, knobs, body);
            using var response = await _client.SendAsync(request, leaves.Token);
            attempt.Outcome = await ReadAsync(response);
        }
        catch (OperationCanceledException)
        {
            attempt.Outcome = patience is null
                ? new Outcome.NoAnswer($"no answer within {Endless.TotalSeconds} s", IsHang: true)
                : new Outcome.NoAnswer(string.Create(CultureInfo.InvariantCulture, $"the client left after {patience.Value.TotalMilliseconds:F0} ms"));
        }
        catch (HttpRequestException e)
        {
            attempt.Outcome = new Outcome.NoAnswer($"connection: {e.HttpRequestError} {(e.InnerException ?? e).Message}");
        }

        attempt.Ended = time.Now;
        return attempt.Outcome;
    }

    /// <summary>Sends half a body, and is gone.</summary>
    public async Task LeaveMidwayAsync(Intent intent, GatewayNode gateway)
    {
        var attempt = new Attempt { Gateway = gateway.Number, Started = time.Now, IsWrongBody = false, Knobs = Knobs.None, IsAudit = false };
        intent.Add(attempt);
        attempt.Outcome = new Outcome.NoAnswer("the client left in the middle of its body");
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
            var body = Text(intent, BodySpelling.Plain);
            var head = $"POST {Path(intent)} HTTP/1.1\r\nHost: a\r\n{RoutesFile.ActorHeader}: {intent.Actor}\r\nIdempotency-Key: {intent.Key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + body[..(body.Length / 2)]));
            socket.Client.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // Gone even earlier.
        }

        attempt.Ended = time.Now;
    }

    public void Dispose() => _client.Dispose();

    private static HttpRequestMessage Build(Intent intent, Uri gateway, Knobs knobs, BodySpelling body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, Path(intent)))
        {
            Content = new StringContent(Text(intent, body), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", intent.Key);
        request.Headers.Add(RoutesFile.ActorHeader, intent.Actor);
        Add("X-Demo-Delay-Before", knobs.DelayBefore);
        Add("X-Demo-Delay", knobs.Delay);
        Add("X-Demo-Fault", knobs.Fault);
        Add("X-Demo-Status", knobs.Status);
        Add("X-Demo-Size", intent.Size);
        return request;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                request.Headers.Add(name, Convert.ToString(value, CultureInfo.InvariantCulture));
            }
        }
    }

    private static string Path(Intent intent) => $"{(intent.IsHeld ? RoutesFile.Hold : RoutesFile.Retry)}/{intent.OrderId}/{(intent.IsRefund ? "refund" : "confirm")}";

    private static string Text(Intent intent, BodySpelling spelling) => spelling switch
    {
        BodySpelling.Plain => string.Create(CultureInfo.InvariantCulture, $$"""{"amount":{{intent.Amount:F2}},"currency":"EUR"}"""),
        BodySpelling.Reordered => string.Create(CultureInfo.InvariantCulture, $$"""{ "currency": "\u0045UR", "amount": {{intent.Amount:F2}}0 }"""),
        BodySpelling.Other => string.Create(CultureInfo.InvariantCulture, $$"""{"amount":{{intent.WrongAmount:F2}},"currency":"EUR"}"""),
        _ => throw new ArgumentOutOfRangeException(nameof(spelling)),
    };

    private static async Task<Outcome> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        var status = (int)response.StatusCode;
        var json = AsJson(body);
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            return new Outcome.Refused(status, json?["code"]?.GetValue<string>() ?? "no code");
        }

        return new Outcome.Answered(
            status,
            Digest(response, body),
            response.Headers.Contains("Idempotent-Replayed"),
            response.Headers.TryGetValues("Idempotency-Status", out var mark) ? string.Join(',', mark) : null,
            json?["orderId"]?.GetValue<string>(),
            json?["paidAt"]?.GetValue<DateTime>(),
            json?["error"]?.GetValue<string>(),
            body.Length,
            Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 120))));
    }

    private static JsonNode? AsJson(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Digest(HttpResponseMessage response, byte[] body)
    {
        var text = new StringBuilder().Append((int)response.StatusCode).Append(' ').Append(response.ReasonPhrase).Append('\n');
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            if (!Changing.Contains(name))
            {
                text.Append(name).Append(": ").AppendJoin(", ", values).Append('\n');
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(text.ToString()), .. body]).AsSpan(0, 6));
    }
}

/// <summary>How the body is written down.</summary>
internal enum BodySpelling
{
    Plain,

    /// <summary>The same document in other bytes: it counts as the same request.</summary>
    Reordered,

    /// <summary>Another document.</summary>
    Other,
}
