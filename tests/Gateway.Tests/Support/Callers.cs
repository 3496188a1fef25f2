using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Support;

/// <summary>Routes files whose protected route knows its callers, and requests of callers.</summary>
internal static class Callers
{
    /// <param name="scheme">The one of <c>Authentication:Schemes</c>; it is called <c>corp</c>.</param>
    /// <param name="authorization">Members of the authorization policy beside its scheme.</param>
    public static JsonObject File(string backend, JsonObject scheme, string policy = """{ "Actor": [ "Claim:sub" ] }""", string route = "{}", string authorization = "{}")
    {
        var members = JsonNode.Parse(route)!.AsObject();
        members.TryAdd("AuthorizationPolicy", "callers");
        var file = Routes.File(backend, policy, members.ToJsonString());
        file["Authentication"] = new JsonObject { ["Schemes"] = new JsonObject { ["corp"] = scheme } };
        var callers = JsonNode.Parse(authorization)!.AsObject();
        callers["Schemes"] = new JsonArray("corp");
        file["Authorization"] = new JsonObject { ["Policies"] = new JsonObject { ["callers"] = callers } };
        return file;
    }

    public static JsonObject Jwt(string keyFile, params string[] issuers) => new()
    {
        ["Type"] = "JwtBearer",
        ["KeyFile"] = keyFile,
        ["ValidIssuers"] = new JsonArray([.. issuers.Select(issuer => JsonValue.Create(issuer))]),
        ["ValidAudiences"] = new JsonArray(TestIssuer.Audience),
    };

    public static JsonObject ApiKeys(params (string Key, string Client)[] keys) => new()
    {
        ["Type"] = "ApiKey",
        ["Keys"] = new JsonObject(keys.Select(key => KeyValuePair.Create(Hash(key.Key), (JsonNode?)key.Client))),
    };

    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));

    public static Task<HttpResponseMessage> PostAsync(this TestGateway gateway, string key, string? token, string header = "Authorization", string? body = null)
    {
        var request = Requests.Post(key, body ?? Requests.Payment);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation(header, header == "Authorization" ? $"Bearer {token}" : token);
        }

        return gateway.Client.SendAsync(request).WithinLimit();
    }
}
