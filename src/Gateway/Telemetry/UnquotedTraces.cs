using System.Diagnostics;
using OpenTelemetry;

namespace Gateway.Telemetry;

/// <summary>
/// Keeps out of the traces what HttpClient's exceptions quote: .NET adds each to its activity as an event, and instrumentation may write its
/// message into the status. That it failed, and how, is told by <c>error.type</c>.
/// </summary>
internal sealed class UnquotedTraces : BaseProcessor<Activity>
{
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = static source => source.Name == "System.Net.Http",
        ExceptionRecorder = static (Activity _, Exception exception, ref TagList tags) =>
        {
            // What stands here already, Activity.AddException does not write.
            if (UnquotedException.Of(exception) is UnquotedException unquoted)
            {
                tags.Add("exception.message", unquoted.Message);
                tags.Add("exception.stacktrace", exception.StackTrace);
            }
        },
    };

    public UnquotedTraces() => ActivitySource.AddActivityListener(_listener);

    public override void OnEnd(Activity data)
    {
        if (data.StatusDescription is not null)
        {
            data.SetStatus(data.Status);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _listener.Dispose();
        base.Dispose(disposing);
    }
}
