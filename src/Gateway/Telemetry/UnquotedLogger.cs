namespace Gateway.Telemetry;

/// <summary>The logger of YARP's own forwarder, which passes on HttpClient's exceptions as they are.</summary>
internal sealed class UnquotedLogger<T>(ILogger<T> inner) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        inner.Log(logLevel, eventId, state, exception is null ? null : UnquotedException.Of(exception), formatter);
}
