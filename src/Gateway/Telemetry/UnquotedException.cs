namespace Gateway.Telemetry;

/// <summary>
/// Stands in a log for an exception that quotes what the backend has sent: HttpClient repeats the line of an answer that it cannot read, and a
/// token may stand there.
/// </summary>
internal sealed class UnquotedException : Exception
{
    private UnquotedException(Exception quoting)
        : base($"The backend's answer is not HTTP. What it sent is not repeated here ({quoting.GetType().FullName}).")
    {
    }

    public static Exception Of(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse })
            {
                return new UnquotedException(exception);
            }
        }

        return exception;
    }
}
