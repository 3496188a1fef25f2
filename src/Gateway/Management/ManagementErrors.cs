using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Management;

/// <summary>Whatever goes wrong behind the listener is told plainly, without a trace of the code, and what it says is kept by nobody.</summary>
internal sealed class ManagementErrors(RequestDelegate next, ILogger<ManagementErrors> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await ManagementProblem.WriteAsync(context, e.StatusCode, "The request cannot be read", e.Message);
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
}
