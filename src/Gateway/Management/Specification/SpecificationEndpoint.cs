using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Gateway.Management.Specification;

/// <summary>Serves the specification on the public listener, as HTML to browsers and as JSON to programs; made once for each configuration.</summary>
internal sealed class SpecificationEndpoint(SpecificationDocument document, IServiceProvider services, ILoggerFactory loggers)
{
    private const string Html = "text/html";
    private const string Json = "application/json";

    private static readonly JsonSerializerOptions Readable = new(JsonSerializerOptions.Web) { WriteIndented = true };

    private static readonly string ContentPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(SpecificationPage.Style)))}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private volatile Rendered? _latest;

    public async Task ServeAsync(HttpContext context)
    {
        var rendered = await RenderAsync();
        var isHtml = WantsHtml(context.Request);
        var (body, tag) = isHtml ? (rendered.Page, rendered.PageTag) : (rendered.Document, rendered.DocumentTag);
        var headers = context.Response.Headers;
        headers.Vary = HeaderNames.Accept;
        headers.CacheControl = "public, max-age=60";
        headers.ETag = tag;
        headers.AccessControlAllowOrigin = "*";
        headers.XContentTypeOptions = "nosniff";
        if (isHtml)
        {
            headers.ContentSecurityPolicy = ContentPolicy;
        }

        if (context.Request.Headers.IfNoneMatch.ToString().Split(',').Any(known => known.Trim() == tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = isHtml ? $"{Html}; charset=utf-8" : Json;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>HTML for who asks for it by name (browsers do) and not less than for JSON.</summary>
    internal static bool WantsHtml(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted))
        {
            return false;
        }

        var html = accepted.Where(type => type.MediaType.Equals(Html, StringComparison.OrdinalIgnoreCase)).Select(type => type.Quality ?? 1).DefaultIfEmpty(0).Max();
        var json = accepted.Where(type => type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)).Select(type => type.Quality ?? 1).DefaultIfEmpty(0).Max();
        return html > 0 && html >= json;
    }

    private async Task<Rendered> RenderAsync()
    {
        var view = document.Now();
        var json = JsonSerializer.SerializeToUtf8Bytes(view, Readable);
        var latest = _latest;
        if (latest is not null && latest.Document.AsSpan().SequenceEqual(json))
        {
            return latest;
        }

        await using var renderer = new HtmlRenderer(services, loggers);
        var page = await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<SpecificationPage>(ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(SpecificationPage.View)] = view }));
            return Encoding.UTF8.GetBytes(root.ToHtmlString());
        });
        return _latest = new Rendered(json, Tag(json), page, Tag(page));
    }

    private static string Tag(byte[] content) => $"\"{Convert.ToHexStringLower(XxHash3.Hash(content))}\"";

    private sealed record Rendered(byte[] Document, string DocumentTag, byte[] Page, string PageTag);
}

internal static class SpecificationEndpoints
{
    /// <summary>Before every route of the proxy, whatever their order: problems lead there.</summary>
    public static void MapSpecification(this WebApplication app, string path)
    {
        var endpoint = app.Services.GetRequiredService<SpecificationEndpoint>();
        var literal = path.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
        app.MapMethods(literal, [HttpMethods.Get, HttpMethods.Head], endpoint.ServeAsync).WithOrder(int.MinValue);
    }
}
