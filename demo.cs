// The story of the Idempotency Gateway, told with real processes: dotnet run demo.cs
//
// A payments API that charges every time it is called (src/SampleBackend), the gateway in front of it (src/Gateway), and a
// client to which everything happens that happens to clients. Every step shows what went over the wire, checks it, and
// counts the charges in the backend's own ledger. Exit code 0: all of it was right.

#:property PublishAot=false

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

const string Help =
    """
    dotnet run demo.cs [-- --stay | --help]

    Builds and starts the sample backend and the gateway on free ports, walks through ten steps, checks each of them, and
    stops both again. Nothing is left behind: routes file and store are in a temporary folder.

      --stay   keeps both running after the story, and prints curl lines to try, until Ctrl+C
      --help   this text

    Exit code: 0 when every step was right, 1 when one was wrong, 130 after Ctrl+C. Colours: not when the output is
    redirected, nor with NO_COLOR set.
    """;

if (args.Contains("--help"))
{
    Console.WriteLine(Help);
    return 0;
}

if (args.FirstOrDefault(arg => arg != "--stay") is { } unknown)
{
    Console.Error.WriteLine($"Unknown argument {unknown}.\n\n{Help}");
    return 1;
}

Console.OutputEncoding = Encoding.UTF8;

// Ctrl+C and its like end the story, not the process: the children have to be stopped first.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

var root = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
var folder = Directory.CreateTempSubdirectory("idempotency-demo-");
var routes = Path.Combine(folder.FullName, "routes.json");
var (backendUrl, gatewayUrl, managementUrl) = FreeUrls();

using var client = new HttpClient { BaseAddress = new Uri(gatewayUrl), Timeout = TimeSpan.FromSeconds(30) };
using var ledger = new HttpClient { BaseAddress = new Uri(backendUrl), Timeout = TimeSpan.FromSeconds(10) };
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "alice");

Child? backend = null;
Child? gateway = null;
var steps = 0;
var wrong = new List<string>();

try
{
    Headline("Idempotency Gateway: the story");
    await BuildAsync("SampleBackend");
    await BuildAsync("Gateway");
    await File.WriteAllTextAsync(routes, Routes(), stop.Token);
    await StartBackendAsync();
    await StartGatewayAsync();
    Tell($"backend  {backendUrl}  charges every time it is called");
    Tell($"gateway  {gatewayUrl}  in front of it, protects POST and PATCH on /payments");

    await TellTheStoryAsync();

    Headline(wrong.Count == 0 ? $"All {steps} steps were right." : $"{wrong.Count} of {steps} steps went wrong:");
    wrong.ForEach(step => Tell(Paint(Colour.Red, step)));
    if (wrong.Count > 0)
    {
        Console.WriteLine($"\nThe gateway's last words:\n{gateway?.Output}");
    }

    if (args.Contains("--stay"))
    {
        Console.WriteLine(ThingsToTry());
        await Task.Delay(Timeout.Infinite, stop.Token);
    }

    return wrong.Count == 0 ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return args.Contains("--stay") && steps == 10 && wrong.Count == 0 ? 0 : 130;
}
catch (DemoException e)
{
    Console.Error.WriteLine($"\n{Paint(Colour.Red, e.Message)}");
    return 1;
}
finally
{
    gateway?.Dispose();
    backend?.Dispose();
    folder.Delete(recursive: true);
}

async Task TellTheStoryAsync()
{
    var payment = new Payment("order-1", Key: "\"pay-order-1\"");
    Reply? first = null;

    await Step("First call", "A client pays for an order, with a key of its own choice.", async () =>
    {
        first = await SendAndShowAsync(payment);
        Check(first.Status == 200, "200, the backend's own answer");
        Check(first.Header("Idempotent-Replayed") is null, "not a replay");
        await CheckOneChargeAsync(payment);
        Check(
            await client.GetStringAsync("/ledger", stop.Token) == await ledger.GetStringAsync("/ledger", stop.Token),
            "GET /ledger, a route without a policy, passes through as it is");
    });

    await Step("Retry", "The same request once more, as clients do that are not sure.", async () =>
    {
        var retry = await SendAndShowAsync(payment);
        Check(retry.Header("Idempotent-Replayed") == "true", "marked as a replay");
        CheckSameAnswer(first, retry);
        await CheckOneChargeAsync(payment);
    });

    await Step("Double click", "Two of the same at the same moment, while the backend takes half a second.", async () =>
    {
        var click = new Payment("order-2", "\"pay-order-2\"", Knob: "X-Demo-Delay: 500");
        ShowCall(click, "twice");
        var replies = await Task.WhenAll(SendAsync(click), SendAsync(click));
        Array.ForEach(replies, ShowReply);
        Check(replies.Count(reply => reply.Status == 200 && reply.Header("Idempotent-Replayed") is null) == 1, "one of them ran");
        Check(
            replies.Count(reply => reply is { Status: 409, Code: "in-progress" } || reply.Header("Idempotent-Replayed") == "true") == 1,
            "the other was told to wait, or got the answer of the first");
        await CheckOneChargeAsync(click);
    });

    await Step("Time-out", "The backend is slow, the client gives up. The money has moved by then.", async () =>
    {
        var slow = new Payment("order-3", "\"pay-order-3\"", Knob: "X-Demo-Delay: 3000");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        ShowCall(slow);
        var call = SendAsync(slow, patience.Token);
        await UntilChargedAsync(slow);
        await patience.CancelAsync();
        Check(await IsLostAsync(call), "the client hung up without an answer");
        await CheckOneChargeAsync(slow);

        // The forward goes on without its client, so the retry meets it running, and later finds its answer.
        var late = await RetryWhileInProgressAsync(slow with { Knob = null });
        Check(late.Status == 200 && late.Header("Idempotent-Replayed") == "true", "the retry gets the late answer, as a replay");
        await CheckOneChargeAsync(slow);
    });

    await Step("Another amount under the same key", "A mistake in the client. Replaying the old answer would hide it.", async () =>
    {
        var reply = await SendAndShowAsync(payment with { Amount = "99.90" });
        Check(reply is { Status: 422, Code: "key-reused" }, "422 key-reused");
        await CheckOneChargeAsync(payment);
    });

    await Step("No key", "On a protected route the key is required.", async () =>
    {
        var keyless = new Payment("order-4", Key: null);
        var reply = await SendAndShowAsync(keyless);
        Check(reply is { Status: 400, Code: "key-missing" }, "400 key-missing");
        Check(await CountChargesAsync(keyless) == 0, "no charge: the backend has not seen it");
    });

    await Step("In progress", "A retry while the first request is still running.", async () =>
    {
        var slow = new Payment("order-5", "\"pay-order-5\"", Knob: "X-Demo-Delay: 3000");
        ShowCall(slow);
        var call = SendAsync(slow);
        await UntilChargedAsync(slow);
        var early = await SendAndShowAsync(slow with { Knob = null });
        Check(!call.IsCompleted, "the first is still running");
        Check(early is { Status: 409, Code: "in-progress" }, "409 in-progress");
        Check(early.Header("Retry-After") is not null, "Retry-After says when to ask again");
        Tell("and then the first:");
        var reply = await call;
        ShowReply(reply);
        Check(reply.Status == 200, "the first gets its answer");
        await CheckOneChargeAsync(slow);
    });

    await Step("Lost answer", "The backend charges, and the connection breaks before it has answered.", async () =>
    {
        var unlucky = new Payment("order-6", "\"pay-order-6\"", Knob: "X-Demo-Fault: reset");
        var lost = await SendAndShowAsync(unlucky);
        Check(lost is { Status: 502, Code: "outcome-unknown" }, "502 outcome-unknown: the gateway does not guess");
        await CheckOneChargeAsync(unlucky);
        var retry = await SendAndShowAsync(unlucky with { Knob = null });
        Check(retry is { Status: 409, Code: "outcome-unknown" }, "409 outcome-unknown: and it does not try again");
        await CheckOneChargeAsync(unlucky);
    });

    await Step("Gateway killed, and started again", "kill -9. What a client was told must hold for ever after.", async () =>
    {
        gateway!.Kill();
        Tell("gateway killed");
        await StartGatewayAsync();
        Tell("gateway started again");
        var retry = await SendAndShowAsync(payment);
        Check(retry.Header("Idempotent-Replayed") == "true", "the answer of step 1, as a replay");
        CheckSameAnswer(first, retry);
        await CheckOneChargeAsync(payment);
    });

    await Step("Gateway killed in mid-flight", "kill -9 again, now between the charge and its answer.", async () =>
    {
        var unlucky = new Payment("order-7", "\"pay-order-7\"", Knob: "X-Demo-Delay: 60000");
        ShowCall(unlucky);
        var call = SendAsync(unlucky);
        await UntilChargedAsync(unlucky);
        gateway!.Kill();
        Tell("gateway killed");
        Check(await IsLostAsync(call), "the client's connection broke");
        await StartGatewayAsync();
        Tell("gateway started again");

        // Until its lease ends, the request might still be running in another gateway.
        var retry = await RetryWhileInProgressAsync(unlucky with { Knob = null });
        Check(retry is { Status: 409, Code: "outcome-unknown" }, "409 outcome-unknown, once the lease of the dead gateway has ended");
        await CheckOneChargeAsync(unlucky);
    });
}

async Task Step(string title, string why, Func<Task> tell)
{
    steps++;
    var before = wrong.Count;
    Headline($"{steps,2}  {title}");
    Tell(why);
    try
    {
        await tell();
    }
    catch (Exception e) when (!stop.IsCancellationRequested)
    {
        Check(false, e.Message);
    }

    // One line for each step in the summary, however much was wrong with it.
    if (wrong.Count > before)
    {
        wrong.RemoveRange(before, wrong.Count - before);
        wrong.Add($"{steps,2}  {title}");
    }
}

// What the client does

async Task<Reply> SendAndShowAsync(Payment payment)
{
    ShowCall(payment);
    var reply = await SendAsync(payment);
    ShowReply(reply);
    return reply;
}

async Task<Reply> SendAsync(Payment payment, CancellationToken? patience = null)
{
    using var request = new HttpRequestMessage(HttpMethod.Post, payment.Path)
    {
        Content = new StringContent(payment.Body, Encoding.UTF8, "application/json"),
    };
    foreach (var (name, value) in payment.Headers)
    {
        request.Headers.Add(name, value);
    }

    using var response = await client.SendAsync(request, patience ?? stop.Token);
    return new Reply(
        (int)response.StatusCode,
        response.ReasonPhrase,
        [.. response.Headers.Concat(response.Content.Headers).Select(header => (header.Key, string.Join(", ", header.Value)))],
        await response.Content.ReadAsByteArrayAsync(stop.Token));
}

async Task<Reply> RetryWhileInProgressAsync(Payment payment)
{
    ShowCall(payment);
    var waited = Stopwatch.StartNew();
    for (var asked = 1; ; asked++)
    {
        var reply = await SendAsync(payment);
        if (reply.Code != "in-progress" || waited.Elapsed > TimeSpan.FromSeconds(20))
        {
            if (asked > 1)
            {
                Tell($"and so on, {asked - 1} in all within {waited.Elapsed.TotalSeconds:0.0} s; then");
            }

            ShowReply(reply);
            return reply;
        }

        if (asked == 1)
        {
            ShowReply(reply);
        }

        await Task.Delay(200, stop.Token);
    }
}

static async Task<bool> IsLostAsync(Task<Reply> call)
{
    try
    {
        await call;
        return false;
    }
    catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
    {
        return true;
    }
}

// What the backend's ledger says. It is asked directly, not through the gateway.

async Task<int> CountChargesAsync(Payment payment) =>
    (await ledger.GetFromJsonAsync<JsonElement>($"/ledger?orderId={payment.Order}", stop.Token)).GetProperty("count").GetInt32();

async Task UntilChargedAsync(Payment payment)
{
    var waited = Stopwatch.StartNew();
    while (await CountChargesAsync(payment) == 0)
    {
        if (waited.Elapsed > TimeSpan.FromSeconds(10))
        {
            throw new DemoException($"The backend has not charged {payment.Order} within 10 s.");
        }

        await Task.Delay(20, stop.Token);
    }
}

async Task CheckOneChargeAsync(Payment payment)
{
    var count = await CountChargesAsync(payment);
    Check(count == 1, $"ledger of {payment.Order}: {count} charge{(count == 1 ? "" : "s")}");
}

void CheckSameAnswer(Reply? first, Reply again) => Check(
    first is not null && again.Status == first.Status && again.Reason == first.Reason && again.Body.SequenceEqual(first.Body)
        && again.Kept.SequenceEqual(first.Kept),
    $"status, headers and all {again.Body.Length} bytes of the body as in step 1");

// Backend and gateway

async Task BuildAsync(string project)
{
    Tell($"building src/{project}");

    // Without build servers: they would outlive the build and keep its output open, so that its end would never be read.
    using var build = new Child(Path.Combine(root, "src", project), "build", "--disable-build-servers", "-v:quiet", "-nologo");
    if (await build.ExitAsync(stop.Token) != 0)
    {
        throw new DemoException($"src/{project} does not build:\n{build.Output}");
    }
}

async Task StartBackendAsync()
{
    backend = new Child(folder.FullName, Dll("SampleBackend"), "--urls", backendUrl);
    await UntilReadyAsync(backend, "backend", $"{backendUrl}/health");
}

async Task StartGatewayAsync()
{
    gateway?.Dispose();
    gateway = new Child(folder.FullName, Dll("Gateway"), "--urls", gatewayUrl, "--routes", routes);
    await UntilReadyAsync(gateway, "gateway", $"{managementUrl}/health/ready");
}

async Task UntilReadyAsync(Child child, string name, string url)
{
    using var probe = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
    for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50, stop.Token))
    {
        try
        {
            using var answer = await probe.GetAsync(url, stop.Token);
            if (answer.IsSuccessStatusCode)
            {
                return;
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested && e is (HttpRequestException or OperationCanceledException))
        {
            // Not listening yet.
        }

        if (child.HasExited || waited.Elapsed > TimeSpan.FromSeconds(30))
        {
            var ended = child.HasExited;
            child.Kill(); // Also waits for the last of its output.
            throw new DemoException($"The {name} {(ended ? "ended" : "is not ready after 30 s")}. It said:\n{child.Output}");
        }
    }
}

string Dll(string project) => Path.Combine(root, "src", project, "bin", "Debug", "net10.0", $"{project}.dll");

// The whole configuration: a route is protected by the one line that names its policy. Lease: how long a gateway that died
// in mid-flight leaves its retries waiting. Two seconds, to keep the story short; the default of 30 s suits real life.
string Routes() =>
    $$"""
    {
      "ReverseProxy": {
        "Routes": {
          "payments": {
            "ClusterId": "legacy",
            "Match": { "Path": "/payments/{**rest}" },
            "Transforms": [ { "IdempotencyPolicy": "payments" } ]
          },
          "ledger": { "ClusterId": "legacy", "Match": { "Path": "/ledger" } }
        },
        "Clusters": { "legacy": { "Destinations": { "a": { "Address": "{{backendUrl}}/" } } } }
      },
      "Idempotency": {
        "Store": "Sqlite",
        "Policies": { "payments": { "Actor": [ "Header:Authorization" ], "Lease": "00:00:02" } },
        "Stores": { "Sqlite": { "Path": {{JsonSerializer.Serialize(Path.Combine(folder.FullName, "idempotency.db"))}} } }
      },
      "Management": { "Url": "{{managementUrl}}" }
    }
    """;

static (string Backend, string Gateway, string Management) FreeUrls()
{
    // All three are held at the same time, so that they differ.
    var listeners = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
    Array.ForEach(listeners, listener => listener.Start());
    var urls = listeners.Select(listener => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}").ToArray();
    Array.ForEach(listeners, listener => listener.Dispose());
    return (urls[0], urls[1], urls[2]);
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

string ThingsToTry() =>
    $$"""

    Both keep running. Try:

      curl -i {{gatewayUrl}}/payments/order-8/confirm \
        -H 'Authorization: Bearer alice' -H 'Idempotency-Key: "my-first-key"' \
        -H 'Content-Type: application/json' -d '{ "amount": 49.90, "currency": "EUR" }'

      again, for the replay; with another amount, another key, another bearer, or no key at all; and with
        -H 'X-Demo-Delay: 5000'    a slow backend (give up with Ctrl+C, and retry)
        -H 'X-Demo-Fault: reset'   a lost answer

      curl {{gatewayUrl}}/ledger                         the charges, over a route that is not protected
      curl {{managementUrl}}/health/ready                   the gateway's health, on a listener of its own
      curl {{backendUrl}}/                               every knob of the backend
      curl {{gatewayUrl}}/.well-known/idempotency        what clients may know of its rules (a page in a browser)

    and in a browser, {{managementUrl}}/console: every record and its life, what is unknown, what is not protected.

    Ctrl+C stops both.
    """;

// What the reader sees: > is sent, < is received, as curl -v shows it.

void ShowCall(Payment payment, string? remark = null)
{
    Console.WriteLine();
    Wire('>', $"POST {payment.Path}{(remark is null ? "" : $"   ({remark})")}", Colour.Bold);
    foreach (var (name, value) in payment.Headers)
    {
        Wire('>', $"{name}: {value}");
    }

    Wire('>', payment.Body);
}

void ShowReply(Reply reply)
{
    Wire('<', $"{reply.Status} {reply.Reason}", Colour.Bold);
    foreach (var name in (string[])["Idempotent-Replayed", "Idempotency-Status", "Retry-After"])
    {
        if (reply.Header(name) is { } value)
        {
            Wire('<', $"{name}: {value}");
        }
    }

    if (reply.Problem is { } problem)
    {
        // The members that tell; the whole problem has some more.
        var members = ((string[])["code", "retryable", "title", "detail"]).Where(name => problem.TryGetProperty(name, out _));
        Wire('<', $"{{ {string.Join(",\n          ", members.Select(name => $"\"{name}\": {problem.GetProperty(name).GetRawText()}"))} }}");
    }
    else
    {
        Wire('<', Encoding.UTF8.GetString(reply.Body));
    }
}

void Check(bool right, string what)
{
    Console.WriteLine($"    {(right ? Paint(Colour.Green, "\u2713") : Paint(Colour.Red, "\u2717"))} {what}");
    if (!right)
    {
        wrong.Add(what);
    }
}

static void Headline(string text) => Console.WriteLine($"\n{Paint(Colour.Bold, text)}");

static void Tell(string text) => Console.WriteLine($"    {text}");

static void Wire(char direction, string text, Colour colour = Colour.None) =>
    Console.WriteLine($"      {Paint(Colour.Cyan, $"{direction}")} {Paint(colour, text)}");

static string Paint(Colour colour, string text) =>
    colour == Colour.None || Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
        ? text
        : $"\e[{(int)colour}m{text}\e[0m";

internal enum Colour { None = 0, Bold = 1, Red = 31, Green = 32, Cyan = 36 }

/// <summary>A story that cannot go on, and why.</summary>
internal sealed class DemoException(string message) : Exception(message);

internal sealed record Payment(string Order, string? Key, string Amount = "49.90", string? Knob = null)
{
    public string Path => $"/payments/{Order}/confirm";

    public string Body => $$"""{"amount":{{Amount}},"currency":"EUR"}""";

    /// <summary>The key, and what makes the backend slow or faulty. To the gateway it is the same request without the latter.</summary>
    public IEnumerable<(string Name, string Value)> Headers
    {
        get
        {
            if (Key is not null)
            {
                yield return ("Idempotency-Key", Key);
            }

            if (Knob?.Split(": ") is [var name, var value])
            {
                yield return (name, value);
            }
        }
    }
}

internal sealed record Reply(int Status, string? Reason, List<(string Name, string Value)> Headers, byte[] Body)
{
    /// <summary>Of the one connection or the one moment, hence not part of an answer that is replayed.</summary>
    private static readonly string[] NotKept = ["Date", "Server", "Transfer-Encoding", "Content-Length", "Idempotent-Replayed"];

    public IEnumerable<(string, string)> Kept => Headers.Where(header => !NotKept.Contains(header.Name)).OrderBy(header => header.Name, StringComparer.Ordinal);

    public JsonElement? Problem { get; } =
        Headers.Any(header => header is ("Content-Type", var type) && type.StartsWith("application/problem+json", StringComparison.Ordinal))
            ? JsonElement.Parse(Body)
            : null;

    public string? Code => Problem is { } problem && problem.TryGetProperty("code", out var code) ? code.GetString() : null;

    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>A process of ours. Disposing kills it, so that no end of the story leaves one behind.</summary>
internal sealed class Child : IDisposable
{
    private const int LinesKept = 60;

    private readonly ConcurrentQueue<string> _output = new();
    private readonly Process _process;

    public Child(string folder, params string[] arguments)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _output);

    public bool HasExited => _process.HasExited;

    public async Task<int> ExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>kill -9: no handler runs, nothing is drained or flushed.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            _output.Enqueue(line.Data);
            if (_output.Count > LinesKept)
            {
                _output.TryDequeue(out _);
            }
        }
    }
}
