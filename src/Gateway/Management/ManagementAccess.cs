using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Management;

/// <summary>
/// Who may use the management listener. With an <c>ApiKey</c>, who knows it: as <c>X-Api-Key</c>, as a bearer token, or as the
/// password of Basic authentication, whose user is the operator's name. Without one the listener is bound to this machine, and
/// its pages answer to this machine's names only. Health needs nothing.
/// </summary>
internal sealed class ManagementAccess(RequestDelegate next, ManagementKey key, ILogger<ManagementAccess> logger)
{
    private const string Challenge = "Basic realm=\"idempotency gateway\", charset=\"UTF-8\"";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path.StartsWithSegments("/health"))
        {
            return next(context);
        }

        if (!key.IsRequired && !IsThisMachine(request.Host.Host))
        {
            // A page in a browser on this machine that has its own name point here (DNS rebinding) would otherwise read every record.
            return ManagementProblem.WriteAsync(context, 403, "The management listener answers to this machine's names only", "Call it as localhost or 127.0.0.1, or set Management:ApiKey.");
        }

        if (key.IsRequired && !TryLogIn(context))
        {
            ManagementLog.Refused(logger, context.Connection.RemoteIpAddress, request.Path);
            context.Response.Headers.WWWAuthenticate = Challenge;
            return ManagementProblem.WriteAsync(context, 401, "The management key is missing or wrong", "Send Management:ApiKey as X-Api-Key, as a bearer token, or as the password of Basic authentication.");
        }

        return IsSafe(request.Method) || ComesFromItself(request)
            ? next(context)
            : ManagementProblem.WriteAsync(context, 403, "The request comes from another site", "Changes are made from the console's own pages, or by a client that is no browser.");
    }

    private bool TryLogIn(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers["X-Api-Key"] is [{ Length: > 0 } plain])
        {
            return key.Is(plain);
        }

        if (headers.Authorization is not [{ } authorization])
        {
            return false;
        }

        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return key.Is(authorization["Bearer ".Length..].Trim());
        }

        if (!authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || Decode(authorization["Basic ".Length..].Trim()) is not { } pair)
        {
            return false;
        }

        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !key.Is(pair[(colon + 1)..]))
        {
            return false;
        }

        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, pair[..colon])], "Basic"));
        return true;
    }

    private static string? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? Encoding.UTF8.GetString(bytes.AsSpan(0, length)) : null;
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>A browser says where a request comes from; what says nothing is no browser (or the user's own typing).</summary>
    private static bool ComesFromItself(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not ("same-origin" or "none"))
        {
            return false;
        }

        return StringValues.IsNullOrEmpty(request.Headers.Origin)
            || (Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin) && origin.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary><c>Management:ApiKey</c>. Kept as its digest, and compared in a time that says nothing about it.</summary>
internal sealed class ManagementKey(string? key)
{
    private readonly byte[]? _digest = key is null ? null : Digest(key);

    public bool IsRequired => _digest is not null;

    public bool Is(string candidate) => CryptographicOperations.FixedTimeEquals(_digest, Digest(candidate));

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
