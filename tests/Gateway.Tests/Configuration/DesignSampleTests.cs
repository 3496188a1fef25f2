using Gateway.Configuration;
using Gateway.Idempotency.Policies;

namespace Gateway.Tests.Configuration;

/// <summary>The sample of DESIGN section 5 to the letter: what it says is read, and what it calls a default is one.</summary>
public sealed class DesignSampleTests
{
    internal const string Sample = """
        {
          "ReverseProxy": {
            "Routes": {
              "confirm-payment": {
                "ClusterId": "legacy",
                "Match": { "Path": "/payments/{**rest}" },
                "Transforms": [ { "IdempotencyPolicy": "payments" } ]   // the per-route switch; YARP validates it with the route
              }
            },
            "Clusters": { "legacy": { "Destinations": { "a": { "Address": "http://localhost:5081/" } } } }
          },
          "Idempotency": {
            "Store": "Sqlite",                     // Memory | Sqlite | Redis | SqlServer
            "SpecificationPath": "/.well-known/idempotency",
            "Policies": {
              "payments": {
                "Mode": "Enforce",                 // Enforce | Observe | Off
                "Profile": "Ietf",                 // Ietf | Stripe | Acp | Ucp: sets defaults; every key below overrides
                "Methods": [ "POST", "PATCH" ],
                "Operation": null,                 // default: the route id
                "Key": { "Header": "Idempotency-Key", "Required": true, "Format": "Any", "MinLength": 1, "MaxLength": 255 },
                "Actor": [ "Header:Authorization" ],  // required. Claim:sub, Header:X, Certificate, or "Shared" alone
                "Fingerprint": { "Body": "Auto", "Include": [], "Exclude": [ "/requestedAt" ], "Headers": [], "Query": true },
                "Retention": "1.00:00:00",
                "Lease": "00:00:30",               // renewed at a third of it while the forward runs
                "Deadline": "00:01:40",            // absolute bound on one forward; past it the outcome is unknown
                "InProgress": "Reject",            // Reject | Wait
                "WaitTimeout": "00:00:10",
                "OutcomeUnknown": "Hold",          // Hold | Retry
                "StoreFailure": "Reject",          // Reject | Forward
                "ReleaseStatusCodes": [ 401, 403, 407, 408, 425, 429, 503 ],
                "UnknownStatusCodes": [ 502, 504 ],
                "ExcludedResponseHeaders": [],     // not stored, beside Set-Cookie and hop-by-hop
                "RetainBody": true,                // false for routes that mint secrets
                "MaxRequestBodySize": 1048576,
                "MaxResponseBodySize": 1048576,
                "MaxLiveKeysPerActor": 0           // 0: no quota
              }
            },
            "Stores": {
              "Sqlite":    { "Path": "data/idempotency.db" },
              "Redis":     { "Configuration": "localhost:6379", "KeyPrefix": "idem:", "WaitReplicas": 0 },
              "SqlServer": { "ConnectionString": "", "Schema": "idempotency", "CreateSchema": true },
              "OperationTimeout": "00:00:02", "CompletionTimeout": "00:00:05"
            }
          },
          "Management": { "Url": "http://127.0.0.1:9090", "ApiKey": "" }   // own listener: health, metrics, admin, console
        }
        """;

    /// <summary>Only what has no default.</summary>
    private const string Least = """{ "Idempotency": { "Policies": { "payments": { "Actor": [ "Header:Authorization" ] } } } }""";

    [Fact]
    public void The_sample_is_read_without_a_fault()
    {
        Assert.Empty(Settings.Read(Sample).Faults);
        Assert.Empty(RoutesShape.Check(Settings.Configuration(Sample)));
    }

    [Theory]
    [InlineData(Sample)]
    [InlineData(Least)]
    public void What_the_sample_writes_is_the_default(string json)
    {
        var settings = Settings.Read(json);

        Assert.Equal(StoreKind.Sqlite, settings.Store);
        Assert.Equal("/.well-known/idempotency", settings.SpecificationPath);
        Assert.Equal("data/idempotency.db", settings.SqlitePath);
        Assert.Equal(("", "idempotency", true), (settings.SqlServer.ConnectionString, settings.SqlServer.Schema, settings.SqlServer.CreateSchema));
        Assert.Equal(new SpoolSettings("data/spool.db", 268_435_456), settings.Spool);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.OperationTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.CompletionTimeout);
        Assert.Equal(new Uri("http://127.0.0.1:9090"), settings.ManagementUrl);
        AssertDesign(Assert.Single(settings.Policies).Value);
    }

    [Fact]
    public void A_policy_that_is_made_without_a_file_has_the_same_defaults() =>
        AssertDesign(new IdempotencyPolicy { Name = "payments", Actor = new([new(ActorKind.Header, "Authorization")]) });

    [Fact]
    public void The_sample_excludes_the_volatile_member()
    {
        Assert.False(Settings.Read(Sample).Policies["payments"].Fingerprint.Selection.IsEverything);
        Assert.True(Settings.Read(Least).Policies["payments"].Fingerprint.Selection.IsEverything);
    }

    [Fact]
    public void Without_any_configuration_there_is_no_policy_and_no_fault()
    {
        var settings = Settings.Read("{}");

        Assert.Empty(settings.Policies);
        Assert.Empty(settings.Faults);
    }

    private static void AssertDesign(IdempotencyPolicy policy)
    {
        Assert.Equal("payments", policy.Name);
        Assert.Equal(PolicyMode.Enforce, policy.Mode);
        Assert.Equal(["PATCH", "POST"], policy.Methods.Order(StringComparer.Ordinal));
        Assert.Null(policy.Operation);
        Assert.Equal(("Idempotency-Key", true, "Any", 1, 255), (policy.Key.Header, policy.Key.Required, policy.Key.Format.Name, policy.Key.MinLength, policy.Key.MaxLength));
        Assert.Equal([new ActorSource(ActorKind.Header, "Authorization")], policy.Actor.Sources);
        Assert.Equal(BodyReading.Auto, policy.Fingerprint.Body);
        Assert.Empty(policy.Fingerprint.Headers);
        Assert.True(policy.Fingerprint.Query);
        Assert.Equal(TimeSpan.FromDays(1), policy.Retention);
        Assert.Equal(TimeSpan.FromSeconds(30), policy.Lease);
        Assert.Equal(TimeSpan.FromSeconds(100), policy.Deadline);
        Assert.Equal(InProgressBehaviour.Reject, policy.InProgress);
        Assert.Equal(OutcomeUnknownBehaviour.Hold, policy.OutcomeUnknown);
        Assert.Equal(StoreFailureBehaviour.Reject, policy.StoreFailure);
        Assert.Equal([401, 403, 407, 408, 425, 429, 503], policy.ReleaseStatusCodes.Order());
        Assert.Equal([502, 504], policy.UnknownStatusCodes.Order());
        Assert.Empty(policy.ExcludedResponseHeaders);
        Assert.True(policy.RetainBody);
        Assert.Equal(1_048_576, policy.MaxRequestBodySize);
        Assert.Equal(1_048_576, policy.MaxResponseBodySize);
    }
}
