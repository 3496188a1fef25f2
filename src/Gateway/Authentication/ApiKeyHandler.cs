using System.Collections.Frozen;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gateway.Authentication;

internal sealed class ApiKeyOptions : AuthenticationSchemeOptions
{
    public string Header { get; set; } = "";

    /// <summary>Clients by the SHA-256 of their keys.</summary>
    public FrozenDictionary<string, string> Keys { get; set; } = FrozenDictionary<string, string>.Empty;
}

/// <summary>
/// A secret in a header. It is looked up by its SHA-256: how long that takes tells nothing of the secret, and the configuration holds none.
/// </summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<ApiKeyOptions> options, ILoggerFactory logger, UrlEncoder encoder) : AuthenticationHandler<ApiKeyOptions>(options, logger, encoder)
{
    /// <summary>The claim with the client's name; its issuer is the scheme.</summary>
    public const string ClientClaim = "client";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers[Options.Header] is not [{ Length: > 0 } key])
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (!Options.Keys.TryGetValue(Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(key))), out var client))
        {
            return Task.FromResult(AuthenticateResult.Fail("The key is nobody's."));
        }

        var identity = new ClaimsIdentity(
            [new Claim("sub", client, ClaimValueTypes.String, Scheme.Name), new Claim(ClientClaim, client, ClaimValueTypes.String, Scheme.Name)], Scheme.Name, ClientClaim, null);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.Append(HeaderNames.WWWAuthenticate, "ApiKey"); // beside those of a route's other schemes
        return Task.CompletedTask;
    }
}
