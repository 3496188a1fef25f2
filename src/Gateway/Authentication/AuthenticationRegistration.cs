using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Authentication;

/// <summary>ASP.NET Core's authentication, on the routes that name an <c>AuthorizationPolicy</c> and nowhere else.</summary>
internal static class AuthenticationRegistration
{
    /// <param name="folder">Of the routes file.</param>
    /// <exception cref="AuthenticationFileException">A file of a scheme cannot be read.</exception>
    public static void AddSchemes(this IServiceCollection services, IEnumerable<AuthenticationScheme> schemes, string folder)
    {
        var builder = services.AddAuthentication();
        foreach (var scheme in schemes)
        {
            switch (scheme.Type)
            {
                case AuthenticationType.JwtBearer:
                    AddJwtBearer(builder, scheme, folder);
                    break;
                case AuthenticationType.Certificate:
                    AddCertificate(builder, scheme, folder);
                    break;
                case AuthenticationType.ApiKey:
                    builder.AddScheme<ApiKeyOptions, ApiKeyHandler>(scheme.Name, options => (options.Header, options.Keys) = (scheme.Header, scheme.Keys));
                    break;
                default:
                    throw new InvalidOperationException($"Authentication type {scheme.Type} has no registration.");
            }
        }
    }

    /// <summary>Behind CORS, which answers preflights without credentials; before everything that looks at a request.</summary>
    public static void UseRouteAuthorization(this WebApplication app) => app.UseWhen(
        static context => context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null,
        static authorization => authorization.UseAuthorization());

    private static void AddJwtBearer(AuthenticationBuilder builder, AuthenticationScheme scheme, string folder)
    {
        var key = scheme.KeyFile is { } file ? Read(scheme, "KeyFile", Path.Combine(folder, file), PublicKey) : null;
        builder.AddJwtBearer(scheme.Name, options =>
        {
            options.Authority = scheme.Authority;
            options.RequireHttpsMetadata = scheme.RequireHttpsMetadata;
            options.MapInboundClaims = false; // "sub" is "sub"
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidateIssuer = true,
                ValidIssuers = scheme.ValidIssuers.Count > 0 ? scheme.ValidIssuers : null,
                ValidateAudience = true,
                ValidAudiences = scheme.ValidAudiences,
                ValidateIssuerSigningKey = true,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                IssuerSigningKey = key,
            };
        });
    }

    private static void AddCertificate(AuthenticationBuilder builder, AuthenticationScheme scheme, string folder)
    {
        var authority = Read(scheme, "AuthorityFile", Path.Combine(folder, scheme.AuthorityFile!), static pem =>
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            return certificates.Count > 0 ? certificates : throw new CryptographicException("It holds no certificate.");
        });
        builder.AddCertificate(scheme.Name, options =>
        {
            options.ChainTrustValidationMode = X509ChainTrustMode.CustomRootTrust;
            options.CustomTrustStore = authority;
            options.RevocationMode = scheme.CheckRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck;
            options.Events = new CertificateAuthenticationEvents
            {
                OnCertificateValidated = context =>
                {
                    // By short names. Who renews a certificate keeps its subject.
                    var certificate = context.ClientCertificate;
                    context.Principal = new ClaimsPrincipal(new ClaimsIdentity(
                        [
                            new Claim("subject", certificate.Subject, ClaimValueTypes.String, certificate.Issuer),
                            new Claim("thumbprint", certificate.Thumbprint, ClaimValueTypes.String, certificate.Issuer),
                        ],
                        context.Scheme.Name,
                        "subject",
                        null));
                    context.Success();
                    return Task.CompletedTask;
                },
            };
        });
    }

    private static AsymmetricSecurityKey PublicKey(string pem)
    {
        if (pem.Contains("CERTIFICATE", StringComparison.Ordinal))
        {
            return new X509SecurityKey(X509Certificate2.CreateFromPem(pem));
        }

        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (CryptographicException)
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            return new ECDsaSecurityKey(ecdsa);
        }
    }

    private static T Read<T>(AuthenticationScheme scheme, string key, string file, Func<string, T> read)
    {
        try
        {
            return read(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new AuthenticationFileException($"Authentication:Schemes:{scheme.Name}:{key}", e.GetType().Name);
        }
    }
}

/// <summary>A file of a scheme cannot be read. What was in it is not repeated.</summary>
internal sealed class AuthenticationFileException(string place, string reason) : Exception($"{place}: {reason}")
{
    public string Place => place;

    public string Reason => reason;
}
