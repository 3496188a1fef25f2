using Gateway.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class GatewaySettingsTests
{
    [Fact]
    public void The_gateways_own_settings_are_read()
    {
        var settings = Settings.Read("""
            {
              "Idempotency": {
                "Store": "memory", "SpecificationPath": "/docs/idempotency",
                "Stores": {
                  "Sqlite": { "Path": "/var/lib/x.db" },
                  "SqlServer": { "ConnectionString": "Server=sql1", "Schema": "pay_1", "CreateSchema": false },
                  "Spool": { "Path": "/var/lib/spool.db", "MaxSize": 1000 },
                  "OperationTimeout": "00:00:00.250", "CompletionTimeout": "00:01:00"
                }
              },
              "Management": { "Url": "http://localhost:9999", "ApiKey": "s3cret" }
            }
            """);

        Assert.Empty(settings.Faults);
        Assert.Equal(StoreKind.Memory, settings.Store);
        Assert.Equal("/docs/idempotency", settings.SpecificationPath);
        Assert.Equal("/var/lib/x.db", settings.SqlitePath);
        Assert.Equal(("Server=sql1", "pay_1", false), (settings.SqlServer.ConnectionString, settings.SqlServer.Schema, settings.SqlServer.CreateSchema));
        Assert.Equal(new SpoolSettings("/var/lib/spool.db", 1000), settings.Spool);
        Assert.Equal(TimeSpan.FromMilliseconds(250), settings.OperationTimeout);
        Assert.Equal(TimeSpan.FromMinutes(1), settings.CompletionTimeout);
        Assert.Equal(new Uri("http://localhost:9999"), settings.ManagementUrl);
    }

    [Theory]
    [InlineData("""{ "Idempotency": { "Store": "SqlServer" } }""", "Idempotency:Stores:SqlServer:ConnectionString", "is missing.", "Idempotency__Stores__SqlServer__ConnectionString")]
    [InlineData("""{ "Idempotency": { "Stores": { "SqlServer": { "Schema": "a]; DROP TABLE b" } } } }""", "Idempotency:Stores:SqlServer:Schema", "'a]; DROP TABLE b' is not a schema's name here.", "letters, digits and underscores")]
    [InlineData("""{ "Idempotency": { "Stores": { "SqlServer": { "Schema": "1a" } } } }""", "Idempotency:Stores:SqlServer:Schema", "'1a' is not a schema's name here.", "(default: idempotency)")]
    [InlineData("""{ "Idempotency": { "Stores": { "SqlServer": { "ConnectionStrng": "x" } } } }""", "Idempotency:Stores:SqlServer:ConnectionStrng", "is not a known key.", "Did you mean 'ConnectionString'?")]
    [InlineData("""{ "Idempotency": { "Stores": { "Spool": { "MaxSize": "256 MB" } } } }""", "Idempotency:Stores:Spool:MaxSize", "'256 MB' is not a whole number from 0 to 2147483647.", "(default: 268435456)")]
    [InlineData("""{ "Idempotency": { "Stores": { "Spool": { "Folder": "x" } } } }""", "Idempotency:Stores:Spool:Folder", "is not a known key.", "Path, MaxSize")]
    [InlineData("""{ "Idempotency": { "Store": "Postgres" } }""", "Idempotency:Store", "'Postgres' is unknown.", "Memory, Sqlite, Redis, SqlServer")]
    [InlineData("""{ "Idempotency": { "Store": 0 } }""", "Idempotency:Store", "'0' is unknown.", "Memory, Sqlite")]
    [InlineData("""{ "Idempotency": { "Store": { "Kind": "Memory" } } }""", "Idempotency:Store", "is a list or an object.", "Write one value.")]
    [InlineData("""{ "Idempotency": { "Stor": "Memory" } }""", "Idempotency:Stor", "is not a known key.", "Did you mean 'Store'?")]
    [InlineData("""{ "Idempotency": { "Polices": {} , "Store": "Memory" } }""", "Idempotency:Polices", "is not a known key.", "Did you mean 'Policies'?")]
    [InlineData("""{ "Idempotency": { "Policies": "payments" } }""", "Idempotency:Policies", "'payments' is one value.", "Write an object")]
    [InlineData("""{ "Idempotency": { "Stores": "Sqlite" } }""", "Idempotency:Stores", "'Sqlite' is one value.", "Write an object")]
    [InlineData("""{ "Idempotency": { "Stores": { "Sqlite": "data/x.db" } } }""", "Idempotency:Stores:Sqlite", "'data/x.db' is one value.", "Write an object")]
    [InlineData("""{ "Idempotency": { "Stores": { "Sqlite": { "Pth": "x" } } } }""", "Idempotency:Stores:Sqlite:Pth", "is not a known key.", "Did you mean 'Path'?")]
    [InlineData("""{ "Idempotency": { "Stores": { "SqLight": {} , "Sqlite": {} , "Mongo": { "Url": "x" } } } }""", "Idempotency:Stores:Mongo", "is not a known key.", "Known here: ", 2)]
    [InlineData("""{ "Idempotency": { "Stores": { "OperationTimeout": 2 } } }""", "Idempotency:Stores:OperationTimeout", "'2' is not a duration", "(default: 00:00:02)")]
    [InlineData("""{ "Idempotency": { "Stores": { "CompletionTimeout": "01:00:00" } } }""", "Idempotency:Stores:CompletionTimeout", "'01:00:00' is not a duration from 00:00:00.0100000 to 00:05:00.", "(default: 00:00:05)")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "spec" } }""", "Idempotency:SpecificationPath", "'spec' is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "/spec#top" } }""", "Idempotency:SpecificationPath", "'/spec#top' is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "/spec?a" } }""", "Idempotency:SpecificationPath", "'/spec?a' is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "/a b" } }""", "Idempotency:SpecificationPath", "'/a b' is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "/a>;x=\"" } }""", "Idempotency:SpecificationPath", "is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Idempotency": { "SpecificationPath": "/a\r\nX: y" } }""", "Idempotency:SpecificationPath", "is not a path.", "/.well-known/idempotency")]
    [InlineData("""{ "Management": { "Url": "9090" } }""", "Management:Url", "'9090' is not an address to listen on.", "http://127.0.0.1:9090")]
    [InlineData("""{ "Management": { "Url": "https://127.0.0.1:9090" } }""", "Management:Url", "'https://127.0.0.1:9090' is not an address to listen on.", "http://127.0.0.1:9090")]
    [InlineData("""{ "Management": { "Url": "http://127.0.0.1:9090/admin" } }""", "Management:Url", "is not an address to listen on.", "http://127.0.0.1:9090")]
    [InlineData("""{ "Management": { "Url": "http://127.0.0.1:99999" } }""", "Management:Url", "is not an address to listen on.", "http://127.0.0.1:9090")]
    [InlineData("""{ "Management": { "Uri": "http://127.0.0.1:9090" } }""", "Management:Uri", "is not a known key.", "Did you mean 'Url'?")]
    [InlineData("""{ "Management": { "Apikey2": "x" } }""", "Management:Apikey2", "is not a known key.", "Did you mean 'ApiKey'?")]
    [InlineData("""{ "Management": { "Url": [ "http://127.0.0.1:9090" ] } }""", "Management:Url", "is a list or an object.", "Write one value.")]
    public void A_fault_says_its_place_what_is_wrong_and_what_to_write_instead(string json, string place, string problem, string cure, int faults = 1)
    {
        var settings = Settings.Read(json);

        Assert.Equal(faults, settings.Faults.Count);
        var fault = Assert.Single(settings.Faults, fault => fault.Place == place);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Contains(cure, fault.Cure, StringComparison.Ordinal);
        Assert.Equal($"{fault.Place}: {fault.Problem} {fault.Cure}", fault.ToString());
    }

    [Theory]
    [InlineData("http://0.0.0.0:9090")]
    [InlineData("http://[::]:9090")]
    [InlineData("http://10.0.0.5:9090")]
    [InlineData("http://gateway.internal:9090")]
    public void A_management_listener_that_others_can_reach_needs_a_key(string url)
    {
        var fault = Assert.Single(Settings.Read("{}", ("Management:Url", url)).Faults);
        Assert.Equal("Management:ApiKey", fault.Place);
        Assert.Contains(url, fault.Problem, StringComparison.Ordinal);
        Assert.Contains("Management__ApiKey", fault.Cure, StringComparison.Ordinal);

        Assert.Single(Settings.Read("{}", ("Management:Url", url), ("Management:ApiKey", "")).Faults);

        var settings = Settings.Read("{}", ("Management:Url", url), ("Management:ApiKey", "s3cret"));
        Assert.Empty(settings.Faults);
        Assert.Equal(new Uri(url), settings.ManagementUrl);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9090")]
    [InlineData("http://127.9.9.9:1")]
    [InlineData("http://localhost:9090")]
    [InlineData("http://[::1]:9090")]
    public void A_management_listener_for_this_machine_alone_needs_none(string url) =>
        Assert.Empty(Settings.Read("{}", ("Management:Url", url)).Faults);

    [Fact]
    public void No_fault_ever_repeats_the_management_key() =>
        Assert.DoesNotContain(
            Settings.Read("""{ "Management": { "Url": "no", "ApiKey": "s3cret", "X": 1 }, "Idempotency": { "Store": "x" } }""").Faults,
            fault => fault.ToString().Contains("s3cret", StringComparison.Ordinal));

    [Fact]
    public void A_later_source_overrides_the_file()
    {
        const string json = """{ "Idempotency": { "Store": "Sqlite", "Policies": { "p": { "Actor": [ "Shared" ], "Methods": [ "POST", "PATCH" ], "Lease": "00:00:30" } } } }""";

        var settings = Settings.Read(
            json, ("Idempotency:Store", "Memory"), ("idempotency:policies:P:METHODS:0", "PUT"), ("Idempotency:Policies:p:Lease", "00:00:05"), ("Idempotency:Policies:p:Actor:0", "Header:X-Tenant"));

        Assert.Empty(settings.Faults);
        Assert.Equal(StoreKind.Memory, settings.Store);
        var policy = Assert.Single(settings.Policies).Value;
        Assert.Equal(["PATCH", "PUT"], policy.Methods.Order(StringComparer.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(5), policy.Lease);
        Assert.Equal("Header:X-Tenant", Assert.Single(policy.Actor.Sources).ToString());
    }

    [Fact]
    public void A_list_that_the_file_does_not_have_comes_from_a_later_source_alone()
    {
        const string json = """{ "Idempotency": { "Policies": { "p": { "Actor": [ "Shared" ], "ReleaseStatusCodes": [] } } } }""";

        var settings = Settings.Read(json, ("Idempotency:Policies:p:Methods:0", "DELETE"), ("Idempotency:Policies:p:ReleaseStatusCodes:0", "418"));

        Assert.Empty(settings.Faults);
        Assert.Equal(["DELETE"], settings.Policies["p"].Methods);
        Assert.Equal([418], settings.Policies["p"].ReleaseStatusCodes);
    }

    [Fact]
    public void A_misspelt_override_is_a_fault_as_well()
    {
        var fault = Assert.Single(Settings.Read("""{ "Idempotency": { "Policies": { "p": { "Actor": [ "Shared" ] } } } }""", ("Idempotency:Policies:p:Methdos:0", "PUT")).Faults);

        Assert.Equal("Idempotency:Policies:p:Methdos", fault.Place);
        Assert.Equal("Did you mean 'Methods'?", fault.Cure);
    }

    [Fact]
    public void All_faults_are_collected_at_once()
    {
        var settings = Settings.Read("""
            {
              "Idempotency": {
                "Store": "Postgres",
                "Unknown": 1,
                "Policies": {
                  "one": { "Mode": "Watch", "Lease": 30, "Key": { "MinLength": 0, "Frmat": "Uuid" } },
                  "two": { "Actor": [ "Nobody" ], "Methods": [ "GET" ], "Fingerprint": { "Exclude": [ "a" ] }, "Retenton": "1.00:00:00" }
                },
                "Stores": { "Sqlite": { "File": "x" }, "OperationTimeout": "soon" }
              },
              "Management": { "Url": "http://0.0.0.0:9090", "Key": "x" }
            }
            """);

        Assert.Equal(
            [
                "Idempotency:Policies:one:Actor",
                "Idempotency:Policies:one:Key:Frmat",
                "Idempotency:Policies:one:Key:MinLength",
                "Idempotency:Policies:one:Lease",
                "Idempotency:Policies:one:Mode",
                "Idempotency:Policies:two:Actor:0",
                "Idempotency:Policies:two:Fingerprint:Exclude:0",
                "Idempotency:Policies:two:Methods",
                "Idempotency:Policies:two:Retenton",
                "Idempotency:Store",
                "Idempotency:Stores:OperationTimeout",
                "Idempotency:Stores:Sqlite:File",
                "Idempotency:Unknown",
                "Management:ApiKey",
                "Management:Key",
            ],
            settings.Faults.Select(fault => fault.Place).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_message_of_a_faulty_start_lists_every_fault_with_place_and_cure()
    {
        var faults = Settings.Read("""{ "Idempotency": { "Store": "Postgres", "Stor": "x" } }""").Faults;

        var message = new ConfigurationFaultException(faults).Message;

        Assert.Equal(2, faults.Count);
        Assert.All(faults, fault => Assert.Contains(fault.ToString(), message, StringComparison.Ordinal));
    }
}
