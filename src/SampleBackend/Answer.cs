using System.Text.Json;
using System.Text.Json.Nodes;

namespace SampleBackend;

/// <summary>An answer as bytes, ready to be sent whole, or in part.</summary>
internal sealed record Answer(int Status, JsonObject? Body, string? Location = null) : IResult
{
    public static Answer Rejected(string error, string message) => Failed(StatusCodes.Status400BadRequest, error, message);

    public static Answer Failed(int status, string error, string message) =>
        new(status, new JsonObject { ["error"] = error, ["message"] = message });

    public static Answer Of(int status, object body, string? location = null) =>
        new(status, JsonSerializer.SerializeToNode(body, Program.Json)!.AsObject(), location);

    public Answer With(Knobs knobs)
    {
        var answer = knobs.Status switch
        {
            null => this,
            >= 400 and var status => Failed(status, "DEMO_STATUS", "The knob asked for this status."),
            (204 or 205 or 304) and var status => this with { Status = status, Body = null },
            { } status => this with { Status = status },
        };

        return knobs.Size is { } size && answer.Status is not (204 or 205 or 304) ? answer.FilledTo(size) : answer;
    }

    public Task ExecuteAsync(HttpContext context) => SendAsync(context.Response);

    public async Task SendAsync(HttpResponse response, bool onlyHalf = false)
    {
        response.StatusCode = Status;
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        if (Body is not null)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(Body, Program.Json);
            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = bytes.Length;
            await response.Body.WriteAsync(bytes.AsMemory(0, onlyHalf ? bytes.Length / 2 : bytes.Length));
        }
    }

    private Answer FilledTo(int size)
    {
        var body = Body?.DeepClone().AsObject() ?? [];
        body["receipt"] = "";
        body["receipt"] = new string('*', Math.Max(0, size - JsonSerializer.SerializeToUtf8Bytes(body, Program.Json).Length));
        return this with { Body = body };
    }
}
