using System.Net.Security;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Certificate;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Authentication;

/// <summary>ASP.NET Core's authentication, on the routes that name an <c>AuthorizationPolicy</c> and nowhere else.</summary>
internal static class AuthenticationRegistration
{
    /// <summary>No secret that is shared: whoever could check a token could make one.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>An identity provider that is down must not hold requests for a minute.</summary>
    private static readonly TimeSpan BackchannelTimeout = TimeSpan.FromSeconds(10);

    /// <param name="folder">Of the routes file.</param>
    /// <exception cref="AuthenticationFileException">A file of a scheme cannot be read.</exception>
    public static void AddSchemes(this IServiceCollection services, IEnumerable<AuthenticationScheme> schemes, string folder)
    {
        var builder = services.AddAuthentication();
        var authorities = new List<CertificateAuthority>();
        foreach (var scheme in schemes)
        {
            switch (scheme.Type)
            {
                case AuthenticationType.JwtBearer:
                    AddJwtBearer(builder, scheme, folder);
                    break;
                case AuthenticationType.Certificate:
                    authorities.Add(AddCertificate(builder, scheme, folder));
                    break;
                case AuthenticationType.ApiKey:
                    builder.AddScheme<ApiKeyOptions, ApiKeyHandler>(scheme.Name, options => (options.Header, options.Keys) = (scheme.Header, scheme.Keys));
                    break;
                default:
                    throw new InvalidOperationException($"Authentication type {scheme.Type} has no registration.");
            }
        }

        if (authorities.Count > 0)
        {
            // The handshake takes what the machine trusts; what a scheme may take has to come through as well, and nothing else:
            // an actor may be a Certificate on a route that no scheme looks at.
            services.Configure<KestrelServerOptions>(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ClientCertificateValidation =
                (certificate, _, errors) => errors == SslPolicyErrors.None || authorities.Exists(authority => authority.MayBeTaken(certificate, errors))));
        }
    }

    /// <summary>Reads the schemes' files, and nothing else.</summary>
    /// <exception cref="AuthenticationFileException">One cannot be read.</exception>
    public static void ReadFiles(IEnumerable<AuthenticationScheme> schemes, string folder) => new ServiceCollection().AddSchemes(schemes, folder);

    /// <summary>Behind CORS, which answers preflights without credentials; before everything that looks at a request.</summary>
    public static void UseRouteAuthorization(this WebApplication app)
    {
        // Left alone, the application puts both middlewares in front of everything, on every route, CORS too: preflights, which
        // bring no credentials, would be refused (WebApplicationBuilder.ConfigureApplication). Policies name their schemes, so
        // that authorization authenticates by itself.
        var properties = ((IApplicationBuilder)app).Properties;
        properties["__AuthenticationMiddlewareSet"] = true;
        properties["__AuthorizationMiddlewareSet"] = true;
        app.UseWhen(
            static context => context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null,
            static authorization => authorization.UseAuthorization());
    }

    private static void AddJwtBearer(AuthenticationBuilder builder, AuthenticationScheme scheme, string folder)
    {
        var keys = scheme.KeyFile is { } file ? Read(scheme, "KeyFile", Path.Combine(folder, file), PublicKeys) : [];

        // Not by AddJwtBearer: it would read the section by itself as well, leniently, and whenever the options are made.
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerPostConfigureOptions>());
        builder.AddScheme<JwtBearerOptions, JwtBearerHandler>(scheme.Name, options =>
        {
            options.BackchannelTimeout = BackchannelTimeout;
            options.Authority = scheme.Authority;
            options.RequireHttpsMetadata = scheme.RequireHttpsMetadata;
            options.MapInboundClaims = false; // "sub" is "sub"
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidAlgorithms = Algorithms,
                ValidateIssuer = true,
                ValidIssuers = scheme.ValidIssuers.Count > 0 ? scheme.ValidIssuers : null,
                ValidateAudience = true,
                ValidAudiences = scheme.ValidAudiences,
                ValidateIssuerSigningKey = true,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                IssuerSigningKeys = keys,
            };
        });
    }

    private static CertificateAuthority AddCertificate(AuthenticationBuilder builder, AuthenticationScheme scheme, string folder)
    {
        var authority = Read(scheme, "AuthorityFile", Path.Combine(folder, scheme.AuthorityFile!), CertificateAuthority.Read);
        builder.AddCertificate(scheme.Name, options =>
        {
            options.ChainTrustValidationMode = X509ChainTrustMode.CustomRootTrust;
            options.CustomTrustStore = authority.Roots;
            options.AdditionalChainCertificates = authority.Intermediates;
            options.RevocationMode = scheme.CheckRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck;
            options.Events = new CertificateAuthenticationEvents
            {
                OnCertificateValidated = context =>
                {
                    // By short names. Who renews a certificate keeps its subject.
                    var certificate = context.ClientCertificate;
                    context.Principal = new ClaimsPrincipal(new ClaimsIdentity(
                        [
                            new Claim("sub", certificate.Subject, ClaimValueTypes.String, certificate.Issuer),
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
        return authority;
    }

    /// <summary>All of them: a provider changes its key by signing with the new one while tokens of the old one are about.</summary>
    private static List<SecurityKey> PublicKeys(string text)
    {
        var keys = new List<SecurityKey>();
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            keys.Add(PublicKey(rest[fields.Label], rest[fields.Location]));
        }

        return keys.Count > 0 ? keys : throw new CryptographicException("It holds no key.");
    }

    private static AsymmetricSecurityKey PublicKey(ReadOnlySpan<char> label, ReadOnlySpan<char> pem)
    {
        if (label is "CERTIFICATE")
        {
            return new X509SecurityKey(X509Certificate2.CreateFromPem(pem));
        }

        if (label is not ("PUBLIC KEY" or "RSA PUBLIC KEY"))
        {
            throw new CryptographicException("It holds another thing than public keys."); // a private one has no business here
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
    public ConfigurationFault Fault => new(place, $"cannot be read ({reason}).", "Name a PEM file with public keys or certificates, relative to the routes file.");
}
