using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Gateway.Tests.Project;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using NJsonSchema;

namespace Gateway.Tests.Configuration;

/// <summary>
/// The schema is written by hand, for editors; the readers decide. Here they are held together: the readers are asked for each
/// key of the schema, by a value that none of them takes, and what they say is what the schema says.
/// </summary>
public sealed partial class RoutesFileSchemaTests : IDisposable
{
    private const string Path = "src/Gateway/Configuration/" + RoutesFileSchema.Name;
    private const string NoValue = "?!";
    private const string NoKey = "zzzzzzzzzzzzzzzzzzzzzzzz";

    private static readonly JsonObject Root = JsonNode.Parse(Repository.Read(Path))!.AsObject();
    private static readonly Task<JsonSchema> Validator = JsonSchema.FromJsonAsync(Repository.Read(Path));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public static TheoryData<string> Sections => [.. Nodes().Where(node => IsClosed(node.Schema)).Select(node => node.Place)];

    public static TheoryData<string> Values => [.. Nodes().Where(node => !IsObject(node.Schema) && !node.Place.StartsWith("ReverseProxy", StringComparison.Ordinal)).Select(node => node.Place)];

    public static TheoryData<string> OwnPlaces => [.. RoutesFileMutationTests.Places().Cast<object[]>().Select(row => (string)row[0]).Where(place => !place.StartsWith("ReverseProxy", StringComparison.Ordinal))];

    /// <summary>The defaults that no fault tells.</summary>
    public static TheoryData<string, string> Defaults
    {
        get
        {
            var settings = Settings.Read("""{ "Idempotency": { "Policies": { "x": { "Actor": [ "Shared" ] } } } }""");
            var policy = settings.Policies["x"];
            return new TheoryData<string, string>
            {
                { "Idempotency:SpecificationPath", settings.SpecificationPath },
                { "Idempotency:Stores:Sqlite:Path", settings.SqlitePath },
                { "Idempotency:Stores:Redis:Configuration", settings.Redis.Configuration },
                { "Idempotency:Stores:Redis:KeyPrefix", settings.Redis.KeyPrefix },
                { "Idempotency:Stores:SqlServer:Schema", settings.SqlServer.Schema },
                { "Idempotency:Stores:Spool:Path", settings.Spool.Path },
                { "Management:Url", settings.ManagementUrl.GetLeftPart(UriPartial.Authority) },
                { "Idempotency:Policies:x:Key:Header", policy.Key.Header },
                { "Idempotency:Policies:x:Key:Format", policy.Key.Format.Name },
                { "Management:AuditLog", settings.AuditLogPath },
                { "Cors:Policies:x:Methods", string.Join(", ", Settings.Read("""{ "Cors": { "Policies": { "x": { "Origins": [ "*" ] } } } }""").Cors["x"].Methods) },
                { "Idempotency:Policies:x:Methods", string.Join(", ", policy.Methods.OrderDescending()) },
                { "Idempotency:Policies:x:ReleaseStatusCodes", string.Join(", ", policy.ReleaseStatusCodes.Order()) },
                { "Idempotency:Policies:x:UnknownStatusCodes", string.Join(", ", policy.UnknownStatusCodes.Order()) },
            };
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_command_prints_the_file()
    {
        var run = await GatewayCommandLine.RunAsync(_folder, "schema");
        Assert.Equal((0, Repository.Read(Path)), (run.ExitCode, run.Output));
    }

    [Fact]
    public void The_repositorys_routes_file_names_it() =>
        Assert.Equal("./" + Path, JsonNode.Parse(Repository.Read("appsettings.routes.json"), documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!["$schema"]!.GetValue<string>());

    /// <summary>Nothing under a name of the user's choice is closed, and everything that the readers close is.</summary>
    [Theory]
    [MemberData(nameof(Sections))]
    public void The_keys_of_a_section_are_those_that_its_reader_knows(string section)
    {
        var fault = Assert.Single(Faults($"{section}:{NoKey}", "1"), fault => fault.Place == $"{section}:{NoKey}");
        Assert.Equal(
            fault.Cure["Known here: ".Length..].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal),
            Members(At(section)).Select(member => member.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_section_is_looked_at() => Assert.Subset(
        Nodes().Where(node => IsClosed(node.Schema)).Select(node => node.Place).ToHashSet(),
        (HashSet<string>)["ReverseProxy", "ReverseProxy:Routes:x", "ReverseProxy:Routes:x:Match", "ReverseProxy:Clusters:x", "Idempotency", "Idempotency:Policies:x", "Idempotency:Policies:x:Key", "Idempotency:Stores:Redis", "Management", "Cors", "Cors:Policies:x"]);

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_has_the_kind_the_range_the_names_and_the_default_that_its_reader_says(string place)
    {
        var schema = At(place);
        foreach (var fault in Faults(place, NoValue).Where(fault => fault.Place == place))
        {
            switch (fault)
            {
                case var _ when Whole().Match(fault.Problem) is { Success: true } range:
                    Assert.Equal((range.Groups[1].Value, range.Groups[2].Value), (Text(schema["minimum"]), Text(schema["maximum"])));
                    break;
                case var _ when Duration().Match(fault.Problem) is { Success: true } range:
                    Assert.Equal("#/definitions/duration", Reference(schema));
                    Assert.Contains($", {range.Groups[1].Value} to {range.Groups[2].Value}", Text(schema["description"]), StringComparison.Ordinal);
                    break;
                case { Problem: "'?!' is neither true nor false." }:
                    Assert.Equal("#/definitions/flag", Reference(schema));
                    break;
                case var _ when fault.Problem.StartsWith("means nothing where ", StringComparison.Ordinal):
                    continue; // beside another key
                case { Problem: "'?!' is one value." }:
                    Assert.Contains("array", Text(schema["type"]), StringComparison.Ordinal);
                    continue;
                case var _ when Names().Match(fault.Cure) is { Success: true } names:
                    Assert.Equal(names.Groups[1].Value.Split(", "), schema["enum"]!.AsArray().Select(Text));
                    break;
                default:
                    Assert.True((schema["pattern"] ?? schema["anyOf"] ?? schema["minItems"] ?? Root["definitions"]![Reference(schema)?.Split('/')[^1] ?? "-"]?["pattern"]) is not null, $"{place}: {fault}");
                    continue;
            }

            Assert.Equal(Default().Match(fault.Cure).Groups[1].Value, Text(schema["default"]));
        }
    }

    [Theory]
    [MemberData(nameof(Defaults))]
    public void A_default_that_no_fault_tells_is_the_readers(string place, string expected) =>
        Assert.Equal(expected, At(place)["default"] is JsonArray list ? string.Join(", ", list.Select(Text)) : Text(At(place)["default"]));

    [Fact]
    public void The_names_in_lists_are_those_that_the_reader_takes()
    {
        foreach (var (place, names) in Nodes().SelectMany(node => node.Schema["items"]?["enum"] is JsonArray names ? [(node.Place, names)] : Array.Empty<(string, JsonArray)>()).Where(node => !node.Item1.StartsWith("ReverseProxy", StringComparison.Ordinal)))
        {
            Assert.All(names, name => Assert.DoesNotContain(Faults($"{place}:0", Text(name)), fault => fault.Place == place));
            Assert.Contains(Faults($"{place}:0", NoValue), fault => fault.Place == place && names.All(name => fault.Cure.Contains(Text(name), StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(RoutesFileMutationTests.Full)]
    [InlineData(DesignSampleTests.Sample)]
    [InlineData("""{ "$schema": "x", "Kestrel": { "Endpoints": {} }, "Logging": {}, "urls": "http://x", "Idempotency": { "Store": "Redis" } }""")]
    [InlineData("""{ "Idempotency": { "Policies": { "p": { "Actor": [ "Header:X", "Certificate" ], "MaxRequestBodySize": "5", "RetainBody": "False", "Operation": "", "Lease": null, "ReleaseStatusCodes": [ "503", 429 ], "Methods": [ "PUT" ] } } } }""")]
    [InlineData("{}")]
    public async Task What_the_readers_take_the_schema_takes(string json)
    {
        Assert.Empty((await FileVerdict.OfAsync(json)).Faults);
        Assert.Empty(await ComplaintsAsync(json));
    }

    [Fact]
    public async Task The_repositorys_routes_file_is_valid() => Assert.Empty(await ComplaintsAsync(Repository.Read("appsettings.routes.json")));

    [Theory]
    [MemberData(nameof(RoutesFileMutationTests.Places), MemberType = typeof(RoutesFileMutationTests))]
    public async Task A_key_that_the_readers_refuse_the_schema_refuses(string place)
    {
        foreach (var name in (string[])[NoKey, place.Split(':')[^1] + "s"])
        {
            var json = RoutesFileMutationTests.Changed(place, name: name);
            if ((await FileVerdict.OfAsync(json)).Faults.Any(fault => fault.Problem == "is not a known key." && fault.Place.Contains(':')))
            {
                Assert.True((await ComplaintsAsync(json)).Count > 0, $"{place} as '{name}' is valid.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(OwnPlaces))]
    public async Task A_value_that_the_readers_of_ours_refuse_the_schema_refuses(string place)
    {
        foreach (var value in (string[])["\"?!\"", "-1", "1e99", "999999999999", "[]", "\"30\"", "\"99999999.00:00:00:00\"", "[ \"?!\" ]", "[ 99 ]", "{ \"x\": 1 }"])
        {
            var json = RoutesFileMutationTests.Changed(place, value: value);
            var refused = (await FileVerdict.OfAsync(json)).Faults.Any(fault => fault.Place == place && OfOneValue().IsMatch(fault.Problem));
            Assert.True(!refused || (await ComplaintsAsync(json)).Count > 0, $"{place} = {value} is valid.");
        }
    }

    private static async Task<IReadOnlyList<string>> ComplaintsAsync(string json)
    {
        var strict = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.ToJsonString();
        return [.. (await Validator).Validate(strict).Select(error => error.ToString())];
    }

    /// <summary>Of the key alone; what else is missing then is told, too.</summary>
    private static List<ConfigurationFault> Faults(string place, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(place, value)]).Build();
        return [.. RoutesShape.Check(configuration), .. GatewaySettings.Read(configuration).Faults];
    }

    /// <summary>Every place of the schema, with x for names of the user's choice and 0 in lists.</summary>
    private static IEnumerable<(string Place, JsonObject Schema)> Nodes() => Members(Root).Where(member => member.Key != "$schema").SelectMany(member => Nodes(member.Key, Resolve(member.Value!.AsObject())));

    private static IEnumerable<(string Place, JsonObject Schema)> Nodes(string place, JsonObject schema)
    {
        yield return (place, schema);
        var below = Members(schema).Select(member => (member.Key, member.Value));
        if (schema["additionalProperties"] is JsonObject chosen && chosen.ContainsKey("$ref"))
        {
            below = below.Append(("x", chosen));
        }

        if (schema["items"] is JsonObject items && Resolve(items).ContainsKey("properties"))
        {
            below = below.Append(("0", items));
        }

        foreach (var node in below.SelectMany(member => Nodes($"{place}:{member.Key}", Resolve(member.Value!.AsObject()))))
        {
            yield return node;
        }
    }

    private static JsonObject At(string place) => Nodes().First(node => node.Place == place).Schema;

    private static JsonObject Resolve(JsonObject schema) => schema["$ref"] is { } reference ? Root["definitions"]![Text(reference).Split('/')[^1]]!.AsObject() : schema;

    private static JsonObject Members(JsonObject schema) => schema["properties"]?.AsObject() ?? [];

    private static bool IsObject(JsonObject schema) => schema.ContainsKey("properties") || schema["additionalProperties"] is JsonObject;

    private static bool IsClosed(JsonObject schema) => schema["additionalProperties"]?.GetValueKind() == JsonValueKind.False;

    private static string? Reference(JsonObject schema) => schema["allOf"]?[0]?["$ref"] is { } reference ? Text(reference) : null;

    private static string Text(JsonNode? node) => node switch
    {
        null => "",
        JsonArray list => string.Join(' ', list.Select(Text)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => node.ToJsonString().ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Faults of a value by itself; what two keys say together no schema of this kind can tell.</summary>
    [GeneratedRegex("is unknown|is not a whole number|is not a duration|is one value|is neither|is not a status code|cannot be protected|is missing|is empty|is not a header name|is a list or an object|is not a path|is not a schema's name")]
    private static partial Regex OfOneValue();

    [GeneratedRegex(@"is not a whole number from (\S+) to (\S+)\.$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"is not a duration from (\S+) to (\S+)\.$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^Write one of: ([^(]+?)(?: \(|\.$)")]
    private static partial Regex Names();

    [GeneratedRegex(@"\(default: (.+)\)")]
    private static partial Regex Default();
}
