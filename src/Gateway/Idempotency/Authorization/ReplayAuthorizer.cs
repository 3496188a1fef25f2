using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Gateway.Idempotency.Authorization;

internal enum ReplayVerdict
{
    /// <summary>The stored answer may be given.</summary>
    Allowed,

    /// <summary>It may not; the refusal stands on the response.</summary>
    Denied,

    /// <summary>Nobody can say.</summary>
    Unavailable,
}

/// <summary>
/// Asks before a stored answer is given, as a caller's grant may have ended since: a call with the caller's own credentials and
/// none of the body, as forward-auth does (nginx's <c>auth_request</c>, Traefik's ForwardAuth). 2xx allows, 401 and 403 are passed on,
/// anything else is no word at all.
/// </summary>
internal sealed class ReplayAuthorizer(TimeProvider time, ILogger<ReplayAuthorizer> logger) : IDisposable
{
    /// <summary>Bytes of a refusal that are passed on. One that is larger goes without its body: a part of it would say something else.</summary>
    private const int MaxBody = 64 * 1024;

    private static readonly string[] PassedOn = ["WWW-Authenticate", "Content-Type", "Content-Language", "Content-Encoding", "Retry-After"];

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2), // names may lead elsewhere after that
        MaxResponseHeadersLength = 32,
        MaxConnectionsPerServer = 128,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1, // byte for byte, as the server read them
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    public async ValueTask<ReplayVerdict> AskAsync(HttpContext context, ReplayAuthorizationRules rules, string operation)
    {
        using var limit = new CancellationTokenSource(rules.Timeout, time);
        try
        {
            using var question = Question(context, rules);
            using var answer = await _client.SendAsync(question, limit.Token).WaitAsync(limit.Token);
            switch ((int)answer.StatusCode)
            {
                case >= 200 and < 300:
                    return ReplayVerdict.Allowed;
                case StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden:
                    await PassOnAsync(context.Response, answer, limit.Token);
                    return ReplayVerdict.Denied;
                default:
                    Log.ReplayNotAuthorized(logger, operation, $"it answered {(int)answer.StatusCode}", null);
                    return ReplayVerdict.Unavailable;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            Log.ReplayNotAuthorized(logger, operation, "it did not answer", e);
            return ReplayVerdict.Unavailable;
        }
    }

    public void Dispose() => _client.Dispose();

    private static HttpRequestMessage Question(HttpContext context, ReplayAuthorizationRules rules)
    {
        var request = context.Request;
        var question = new HttpRequestMessage(rules.Method, rules.Url);
        foreach (var name in rules.Headers)
        {
            if (request.Headers.TryGetValue(name, out var values))
            {
                question.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        question.Headers.TryAddWithoutValidation("X-Forwarded-Method", request.Method);
        question.Headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        question.Headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.Value);
        question.Headers.TryAddWithoutValidation("X-Forwarded-Uri", request.GetEncodedPathAndQuery());
        question.Headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        return question;
    }

    private static async Task PassOnAsync(HttpResponse response, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = ArrayPool<byte>.Shared.Rent(MaxBody + 1);
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(body.AsMemory(0, MaxBody + 1), MaxBody + 1, throwOnEndOfStream: false, cancellationToken);
            if (length > MaxBody)
            {
                length = 0;
            }

            response.StatusCode = (int)answer.StatusCode;
            foreach (var name in PassedOn)
            {
                if (answer.Headers.NonValidated.TryGetValues(name, out var values) || answer.Content.Headers.NonValidated.TryGetValues(name, out values))
                {
                    response.Headers[name] = values.ToArray();
                }
            }

            response.Headers.CacheControl = "no-store";
            response.ContentLength = length;
            await response.Body.WriteAsync(body.AsMemory(0, length), CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }
}
