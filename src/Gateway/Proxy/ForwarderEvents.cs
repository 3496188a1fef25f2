using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;
using System.Reflection;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxy;

/// <summary>
/// Raises YARP's own forwarder events (event source <c>Yarp.ReverseProxy</c>) for requests that this gateway exchanges itself,
/// so that its counters and consumers see all traffic. The event source is internal to YARP
/// (src/ReverseProxy/Forwarder/ForwarderTelemetry.cs, v2.3.0): should a version rename it, the events of protected routes are
/// missing, nothing else, and a test says so.
/// </summary>
internal sealed class ForwarderEvents
{
    public static readonly ForwarderEvents Instance = new();

    private readonly EventSource? _source;
    private readonly Action<string>? _start;
    private readonly Action<int>? _stop;
    private readonly Action<ForwarderError>? _failed;
    private readonly Action<int>? _stage;
    private readonly Action<bool, long, long, long, long, long>? _transferred;

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A missing member is tolerated.")]
    private ForwarderEvents()
    {
        var type = typeof(IHttpForwarder).Assembly.GetType("Yarp.ReverseProxy.Forwarder.ForwarderTelemetry");
        if (type?.GetField("Log", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) is not { } log)
        {
            return;
        }

        _source = log as EventSource;
        _start = Bind<Action<string>>(log, "ForwarderStart");
        _stop = Bind<Action<int>>(log, "ForwarderStop");
        _failed = Bind<Action<ForwarderError>>(log, "ForwarderFailed");
        _stage = Bind<Action<int>>(log, "ForwarderStage");
        _transferred = Bind<Action<bool, long, long, long, long, long>>(log, "ContentTransferred");
    }

    public void SendStarted() => _stage?.Invoke(1);

    public void SendStopped() => _stage?.Invoke(2);

    public void Start(string destinationPrefix) => _start?.Invoke(destinationPrefix);

    public void Stop(int statusCode) => _stop?.Invoke(statusCode);

    public void Failed(ForwarderError error) => _failed?.Invoke(error);

    /// <summary>For <see cref="Transferred"/>; zero while nobody listens.</summary>
    public long Now() => _source?.IsEnabled() == true ? Stopwatch.GetTimestamp() : 0;

    /// <param name="since">When it began; YARP splits the time since then into reading and writing, here it is reading.</param>
    public void Transferred(bool isRequest, long bytes, long operations, long since)
    {
        if (since != 0)
        {
            _transferred?.Invoke(isRequest, bytes, operations, Stopwatch.GetElapsedTime(since).Ticks, 0, 0);
        }
    }

    private static T? Bind<T>(object log, string method)
        where T : Delegate
    {
        // An enum binds to its number: YARP's stages (ForwarderStage.cs) are internal as well.
        try
        {
            return log.GetType().GetMethod(method)?.CreateDelegate<T>(log);
        }
        catch (ArgumentException)
        {
            return null; // its parameters have changed
        }
    }
}
