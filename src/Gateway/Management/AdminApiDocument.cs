using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Management;

/// <summary>The admin API's OpenAPI document, <c>/openapi/admin.json</c>.</summary>
internal static class AdminApiDocument
{
    private const string KeyScheme = "apiKey";

    public static void Describe(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "Idempotency Gateway, admin API",
            Version = "1",
            Description = "Finds, shows and resolves the records of the gateway. Errors are application/problem+json (RFC 9457).",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-Api-Key",
                Description = "Management:ApiKey, where one is set. A bearer token and the password of Basic authentication (whose user is the operator's name) do as well.",
            },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = [] }];
        return Task.CompletedTask;
    });
}
