using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Net.Http.Headers;

namespace Gateway.Proxy;

/// <summary>CORS on the routes that name a policy. Others pass without a trace of it: not even the middleware's mark on the request.</summary>
internal static class RouteCors
{
    private static readonly string[] OfThePolicy =
    [
        HeaderNames.AccessControlAllowOrigin, HeaderNames.AccessControlAllowCredentials, HeaderNames.AccessControlExposeHeaders,
        HeaderNames.AccessControlAllowMethods, HeaderNames.AccessControlAllowHeaders, HeaderNames.AccessControlMaxAge,
    ];

    /// <summary>
    /// Before the proxy: a preflight is answered here, without a key and without the backend. The headers of an answer are set when it
    /// starts, behind everything that is stored: a replay gets those of its own request.
    /// </summary>
    public static void UseRouteCors(this WebApplication app) => app.UseWhen(
        static context => context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null,
        static cors =>
        {
            cors.UseCors();
            cors.Use(static (context, next) =>
            {
                // What starts last is called first: the backend's own words (kept ones, too) go, and then the policy speaks.
                if (context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is IEnableCorsAttribute)
                {
                    context.Response.OnStarting(DropAsync, context.Response);
                }

                return next(context);
            });
        });

    private static Task DropAsync(object state)
    {
        var headers = ((HttpResponse)state).Headers;
        foreach (var name in OfThePolicy)
        {
            headers.Remove(name);
        }

        return Task.CompletedTask;
    }
}
