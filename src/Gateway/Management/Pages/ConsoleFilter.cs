using Microsoft.AspNetCore.Http;

namespace Gateway.Management.Pages;

/// <summary>Around every page: what the browser may do with it, and what people read when it cannot be made.</summary>
internal sealed class ConsoleFilter(ILogger<ConsoleFilter> logger) : IEndpointFilter
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        try
        {
            return await next(context);
        }
        catch (InvalidDataException e)
        {
            return ConsoleEndpoints.Message(StatusCodes.Status500InternalServerError, "The record is damaged", e.Message);
        }
        catch (Exception e) when (e is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            ManagementLog.Failed(logger, http.Request.Path, e);
            return ConsoleEndpoints.Message(StatusCodes.Status503ServiceUnavailable, "The store did not answer", "Load the page again. The overview tells of the store.");
        }
    }
}
