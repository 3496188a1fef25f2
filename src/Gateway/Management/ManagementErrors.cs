using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gateway.Management;

/// <summary>Whatever goes wrong behind the listener is told plainly, without a trace of the code, and what it says is kept by nobody.</summary>
internal sealed class ManagementErrors(RequestDelegate next, ILogger<ManagementErrors> logger)
{
    private const string Described = "/openapi/admin.json describes what is expected.";

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-cache, no-store"; // the words that antiforgery would put in its place, with a warning
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await ManagementProblem.WriteAsync(context, e.StatusCode, "The request cannot be read", Explain(e));
        }
        catch (InvalidDataException e) when (!context.Response.HasStarted)
        {
            await ManagementProblem.WriteAsync(context, 500, "The record is damaged", e.Message);
        }
        catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            ManagementLog.Failed(logger, context.Request.Path, e);
            await ManagementProblem.WriteAsync(context, 503, "The store did not answer", "Try again; /health/ready tells of the store.");
        }
    }

    /// <summary>Where in the JSON it is wrong, without the names of our types.</summary>
    private static string Explain(BadHttpRequestException error)
    {
        if (error.InnerException is JsonException json)
        {
            return $"The body is not the JSON that is expected here: look at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}. {Described}";
        }

        // Failed to bind parameter "Nullable<int> limit" from "abc".
        // Required parameter "RecordChange change" was not provided from body.
        return error.Message.Split('"') is [_, var parameter, var rest, ..]
            ? rest.EndsWith("from body.", StringComparison.Ordinal) ? $"The body is missing. {Described}" : $"{parameter[(parameter.LastIndexOf(' ') + 1)..]} is not what it should be. {Described}"
            : error.Message;
    }
}
