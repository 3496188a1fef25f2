using System.Text;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>Settings from a text as it stands in a routes file.</summary>
internal static class Settings
{
    public static IConfigurationRoot Configuration(string json, params (string Key, string? Value)[] overrides) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)))
        .AddInMemoryCollection(overrides.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)))
        .Build();

    public static GatewaySettings Read(string json, params (string Key, string? Value)[] overrides) => GatewaySettings.Read(Configuration(json, overrides));

    /// <param name="members">Of policy <c>p</c>, beside its actor.</param>
    public static GatewaySettings WithPolicy(string members) => Read($$"""{ "Idempotency": { "Policies": { "p": { "Actor": [ "Shared" ], {{members}} } } } }""");

    /// <summary>The policy that these members make, without a fault.</summary>
    public static IdempotencyPolicy Policy(string members)
    {
        var settings = WithPolicy(members);
        Assert.Empty(settings.Faults);
        return settings.Policies["p"];
    }
}
