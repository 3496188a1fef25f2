using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using Gateway.Tests.Project;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>
/// The routes file with something wrong in it, at every place. Either it is refused with faults that name place and cure, or what
/// it meant is in force: a mistake never switches protection off in silence, and never ends in an exception.
/// </summary>
public sealed class RoutesFileMutationTests
{
    /// <summary>Every key that there is, so that each can be spoilt.</summary>
    internal const string Full = """
        {
          "ReverseProxy": {
            "Routes": {
              "pay": {
                "ClusterId": "legacy", "Order": 1, "MaxRequestBodySize": 1000, "Timeout": "00:00:30", "CorsPolicy": "shop", "Metadata": { "team": "pay" },
                "Match": {
                  "Path": "/payments/{**rest}", "Methods": [ "POST", "GET" ], "Hosts": [ "pay.example" ],
                  "Headers": [ { "Name": "X-Api", "Values": [ "1" ], "Mode": "ExactHeader", "IsCaseSensitive": true } ],
                  "QueryParameters": [ { "Name": "v", "Values": [ "1" ], "Mode": "Exact", "IsCaseSensitive": true } ]
                },
                "Transforms": [ { "IdempotencyPolicy": "payments" }, { "PathPrefix": "/v1" } ]
              },
              "ledger": { "ClusterId": "legacy", "Match": { "Path": "/ledger" } }
            },
            "Clusters": { "legacy": { "LoadBalancingPolicy": "RoundRobin", "Destinations": { "a": { "Address": "http://localhost:5081/", "Health": "http://localhost:5082/", "Host": "h" } } } }
          },
          "Idempotency": {
            "Store": "Sqlite", "SpecificationPath": "/.well-known/idempotency",
            "Policies": {
              "payments": {
                "Mode": "Enforce", "Profile": "Ietf", "Methods": [ "POST", "PATCH" ], "Operation": "pay",
                "Key": { "Header": "X-Key", "Required": true, "Format": "Uuid", "MinLength": 36, "MaxLength": 36 },
                "Actor": [ "Header:Authorization", "Certificate" ],
                "Fingerprint": { "Body": "Json", "Include": [ "/payment" ], "Exclude": [ "/payment/at" ], "Headers": [ "Accept" ], "Query": true },
                "Retention": "2.00:00:00", "Lease": "00:00:20", "Deadline": "00:01:00", "InProgress": "Reject", "WaitTimeout": "00:00:10",
                "OutcomeUnknown": "Hold", "StoreFailure": "Reject", "ReleaseStatusCodes": [ 503 ], "UnknownStatusCodes": [ 502 ],
                "ExcludedResponseHeaders": [ "X-Secret" ], "RetainBody": true, "MaxRequestBodySize": 2000, "MaxResponseBodySize": 2000, "MaxLiveKeysPerActor": 0
              }
            },
            "Stores": {
              "Sqlite": { "Path": "data/idempotency.db" },
              "Redis": { "Configuration": "localhost:6379", "KeyPrefix": "idem:", "WaitReplicas": 0, "AcceptEviction": false },
              "SqlServer": { "ConnectionString": "Server=a", "Schema": "idempotency", "CreateSchema": true },
              "Spool": { "Path": "data/spool.db", "MaxSize": 1000 },
              "OperationTimeout": "00:00:02", "CompletionTimeout": "00:00:05"
            }
          },
          "Cors": {
            "Policies": {
              "shop": { "Origins": [ "https://shop.example" ], "Methods": [ "POST" ], "Headers": [ "Authorization" ], "ExposedHeaders": [ "X-Trace" ], "Credentials": true, "MaxAge": "00:01:00" }
            }
          },
          "Management": { "Url": "http://127.0.0.1:9090", "ApiKey": "secret" }
        }
        """;

    /// <summary>Names that the user chooses: another name is another thing, and no fault by itself.</summary>
    private static readonly string[] ChosenNames = ["ReverseProxy:Routes:pay", "ReverseProxy:Routes:ledger", "ReverseProxy:Clusters:legacy:Destinations:a", "ReverseProxy:Routes:pay:Metadata:team"];

    private static readonly string[] Values =
    [
        "null", "\"\"", "\"x\"", "\"\\u0000\"", "-1", "1e99", "true", "[]", "{}", "[ null ]", "[ \"x\" ]", "{ \"x\": 1 }", "\"-00:00:01\"", "\"99999999.00:00:00\"", "\"\\r\\nX: y\"", "[ 1, [ 2, { \"a\": null } ] ]",
    ];

    public static TheoryData<string> Places() => [.. Keys(JsonNode.Parse(Full)!)];

    [Fact]
    public async Task The_file_itself_and_the_repositorys_own_are_accepted_and_protect()
    {
        var full = await FileVerdict.OfAsync(Full);
        Assert.Empty(full.Faults);
        Assert.Equal([("ledger", false), ("pay", true)], full.Protected.Select(route => (route.Key, route.Value)).Order());

        var own = await FileVerdict.OfAsync(Repository.Read("appsettings.routes.json"));
        Assert.Empty(own.Faults);
        Assert.True(own.Protected["confirm-payment"]);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_key_that_is_misspelt_by_one_character_is_a_fault_with_place_and_cure(string place)
    {
        foreach (var misspelt in Misspelt(place.Split(':')[^1]))
        {
            var verdict = await FileVerdict.OfAsync(Changed(place, name: misspelt));

            if (ChosenNames.Contains(place))
            {
                AssertIntactOrTold(verdict, $"{place} as '{misspelt}'");
            }
            else
            {
                AssertTold(verdict, $"{place} as '{misspelt}'");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_value_of_another_kind_is_a_fault_or_means_what_it_says(string place)
    {
        foreach (var value in Values)
        {
            var verdict = await FileVerdict.OfAsync(Changed(place, value: value));

            if (!IsInSoManyWords(place, value))
            {
                AssertIntactOrTold(verdict, $"{place} = {value}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_key_that_is_missing_is_a_fault_or_means_its_default(string place)
    {
        var verdict = await FileVerdict.OfAsync(Written(place, static (_, _, _) => { }));

        if (!IsInSoManyWords(place, "null"))
        {
            AssertIntactOrTold(verdict, place);
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_key_that_stands_twice_is_a_fault_or_both_are_obeyed(string place)
    {
        var name = place.Split(':')[^1];
        AssertTold(await FileVerdict.OfAsync(Doubled(place, name, null)), $"{place} twice");
        foreach (var value in (string[])["\"x\"", "{ \"payments\": { \"Mode\": \"Off\" } }"])
        {
            AssertIntactOrTold(await FileVerdict.OfAsync(Doubled(place, name.ToUpperInvariant(), value)), $"{place} and {value}");
        }
    }

    [Fact]
    public async Task A_file_that_is_cut_anywhere_is_a_fault()
    {
        var bytes = Encoding.UTF8.GetBytes(Full.Trim());
        for (var length = 0; length < bytes.Length; length += 23)
        {
            AssertTold(await FileVerdict.OfAsync(bytes[..length]), $"{length} bytes");
        }
    }

    [Property(MaxTest = 100, Arbitrary = [typeof(Seeds)])]
    public void A_file_with_any_character_changed_is_refused_or_protects(int seed)
    {
        var random = new Random(seed);
        const string Characters = "\"\"\\/:,{}[] \0\nxXeE019é\uFEFF*#";
        var text = Full;
        var at = random.Next(text.Length);
        var c = Characters[random.Next(Characters.Length)].ToString();
        text = random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, c),
            _ => text.Remove(at, 1).Insert(at, c),
        };

        // A path or a header's name that has changed is another one, and the route's other conditions stay.
        AssertIntactOrTold(FileVerdict.OfAsync(text).GetAwaiter().GetResult(), text[Math.Max(0, at - 30)..Math.Min(text.Length, at + 30)]);
    }

    [Property(MaxTest = 100, Arbitrary = [typeof(Seeds)])]
    public void A_file_with_several_things_wrong_never_ends_in_an_exception(int seed)
    {
        var random = new Random(seed);
        var places = Keys(JsonNode.Parse(Full)!).ToArray();
        var root = JsonNode.Parse(Full)!;
        for (var i = 0; i < 6; i++)
        {
            var place = places[random.Next(places.Length)];
            if (root.At(place) is { } node)
            {
                var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
                if (random.Next(3) > 0)
                {
                    node.ReplaceWith(value);
                }
                else if (node.Parent is JsonObject parent)
                {
                    parent[new string((char)random.Next(1, 0x300), random.Next(3))] = value;
                }
            }
        }

        var verdict = FileVerdict.OfAsync(root.ToJsonString()).GetAwaiter().GetResult();
        Assert.All(verdict.Faults, AssertWhole);
    }

    public static TheoryData<string, byte[]> GoodEncodings => new()
    {
        { "UTF-8", Encoding.UTF8.GetBytes(Full) },
        { "UTF-8 with a mark", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Full)] },
        { "UTF-16 LE with a mark", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Full)] },
        { "UTF-16 BE with a mark", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Full)] },
        { "comments and commas", Encoding.UTF8.GetBytes("/* é */ " + Full.Replace("\"Store\": \"Sqlite\",", "\"Store\": \"Sqlite\", // \"Mode\": \"Off\" \r\n", StringComparison.Ordinal).Replace("\"secret\" }", "\"secret\", },", StringComparison.Ordinal)) },
        { "white space", Encoding.UTF8.GetBytes(new string(' ', 100_000) + Full + new string('\n', 100_000)) },
    };

    [Theory]
    [MemberData(nameof(GoodEncodings))]
    public async Task However_it_is_encoded_it_means_the_same(string encoding, byte[] file)
    {
        var verdict = await FileVerdict.OfAsync(file);

        Assert.True(verdict.IsAccepted, $"{encoding}: {string.Join(' ', verdict.Faults)}");
        Assert.True(verdict.Protected["pay"]);
    }

    public static TheoryData<string, byte[]> BadEncodings => new()
    {
        { "UTF-16 LE without a mark", Encoding.Unicode.GetBytes(Full) },
        { "UTF-16 BE without a mark", Encoding.BigEndianUnicode.GetBytes(Full) },
        { "UTF-16 that is cut in a character", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Full)[..^1]] },
        { "Latin-1 in a value", Encoding.Latin1.GetBytes(Full.Replace("/ledger", "/café", StringComparison.Ordinal)) },
        { "Latin-1 in a name", Encoding.Latin1.GetBytes(Full.Replace("\"ledger\"", "\"café\"", StringComparison.Ordinal)) },
        { "overlong", [.. Encoding.UTF8.GetBytes(Full)[..^1], 0xC0, 0xFD] },
        { "a surrogate alone in a value", Encoding.UTF8.GetBytes(Full.Replace("/ledger", "/\\ud800", StringComparison.Ordinal)) },
        { "a surrogate alone in a name", Encoding.UTF8.GetBytes(Full.Replace("\"ledger\"", "\"\\udc00\"", StringComparison.Ordinal)) },
        { "NULs", new byte[1000] },
        { "NULs at the end", [.. Encoding.UTF8.GetBytes(Full), 0, 0, 0] },
        { "nothing", [] },
        { "a mark alone", [0xEF, 0xBB, 0xBF] },
        { "opening brackets", Encoding.UTF8.GetBytes(new string('[', 1 << 20)) },
        { "opening braces", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 200_000))) },
        { "a deep value", Encoding.UTF8.GetBytes(Full.Replace("\"00:00:20\"", new string('[', 100) + new string(']', 100), StringComparison.Ordinal)) },
        { "a list", Encoding.UTF8.GetBytes($"[{Full}]") },
        { "twice", Encoding.UTF8.GetBytes(Full + Full) },
        { "a long key", Encoding.UTF8.GetBytes(Full.Replace("\"Lease\"", $"\"{new string('L', 300_000)}\"", StringComparison.Ordinal)) },
        { "a long value", Encoding.UTF8.GetBytes(Full.Replace("\"00:00:20\"", $"\"{new string('0', 300_000)}\"", StringComparison.Ordinal)) },
        { "a pattern of brackets", Encoding.UTF8.GetBytes(Full.Replace("\"Uuid\"", $"\"Regex:{new string('(', 50_000)}\"", StringComparison.Ordinal)) },
        { "a thousand unknown keys", Encoding.UTF8.GetBytes(Full.Replace("\"Lease\"", string.Concat(Enumerable.Range(0, 1000).Select(i => $"\"Key{i}\": 1, ")) + "\"Lease\"", StringComparison.Ordinal)) },
    };

    [Theory]
    [MemberData(nameof(BadEncodings))]
    public async Task What_is_no_text_or_no_file_of_ours_is_a_fault(string what, byte[] file) => AssertTold(await FileVerdict.OfAsync(file), what);

    private static void AssertTold(FileVerdict verdict, string what)
    {
        Assert.False(verdict.IsAccepted, $"{what} is accepted.");
        Assert.All(verdict.Faults, AssertWhole);
    }

    private static void AssertIntactOrTold(FileVerdict verdict, string what)
    {
        Assert.All(verdict.Faults, AssertWhole);
        if (verdict.IsAccepted)
        {
            // No route at all serves nothing. One whose name has changed is still a protected route.
            Assert.True(verdict.Protected.Count == 0 || verdict.Protected.Values.Any(isProtected => isProtected), $"{what} switches protection off.");
        }
    }

    private static void AssertWhole(Gateway.Idempotency.Policies.ConfigurationFault fault)
    {
        Assert.NotEmpty(fault.Place);
        Assert.NotEmpty(fault.Problem);
        Assert.NotEmpty(fault.Cure);
    }

    /// <summary>Protection that is taken away by what is plainly written there, or not written any more.</summary>
    private static bool IsInSoManyWords(string place, string value) => (place, value) switch
    {
        ("ReverseProxy:Routes:pay:Transforms", "null" or "\"\"" or "[]" or "{}") => true,
        ("ReverseProxy:Routes:pay", "null" or "\"\"" or "[]" or "{}") => true,
        ("Idempotency:Policies:payments:Mode", "\"Off\"") => true,
        _ => false,
    };

    private static IEnumerable<string> Misspelt(string name)
    {
        yield return name[..^1];
        yield return name + "s";
        yield return name + " ";
        yield return (char)(name[0] ^ 1) + name[1..];
        yield return name[..(name.Length / 2)] + "\u0456" + name[((name.Length / 2) + 1)..]; // a letter of another alphabet
    }

    /// <summary>Objects' members at every depth, those in lists as well.</summary>
    private static IEnumerable<string> Keys(JsonNode node, string path = "") => node switch
    {
        JsonObject members => members.SelectMany(member => Keys(member.Value!, $"{path}{member.Key}:").Prepend(path + member.Key)),
        JsonArray items => items.SelectMany((item, index) => Keys(item!, $"{path}{index}:")),
        _ => [],
    };

    /// <summary>The file with one member renamed, or given another value.</summary>
    internal static string Changed(string place, string? name = null, string? value = null) => Written(place, (json, own, node) =>
    {
        json.WritePropertyName(name ?? own);
        Write(json, node, value);
    });

    private static string Doubled(string place, string second, string? value) => Written(place, (json, own, node) =>
    {
        json.WritePropertyName(own);
        node.WriteTo(json);
        json.WritePropertyName(second);
        Write(json, node, value);
    });

    private static void Write(Utf8JsonWriter json, JsonNode node, string? value)
    {
        if (value is null)
        {
            node.WriteTo(json);
        }
        else
        {
            json.WriteRawValue(value);
        }
    }

    private static string Written(string place, Action<Utf8JsonWriter, string, JsonNode> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }))
        {
            Write(JsonNode.Parse(Full)!, "");

            void Write(JsonNode? node, string path)
            {
                switch (node)
                {
                    case JsonObject members:
                        json.WriteStartObject();
                        foreach (var (name, member) in members)
                        {
                            if (path + name == place)
                            {
                                write(json, name, member!);
                                continue;
                            }

                            json.WritePropertyName(name);
                            Write(member, $"{path}{name}:");
                        }

                        json.WriteEndObject();
                        break;
                    case JsonArray items:
                        json.WriteStartArray();
                        foreach (var (index, item) in items.Index())
                        {
                            Write(item, $"{path}{index}:");
                        }

                        json.WriteEndArray();
                        break;
                    default:
                        node!.WriteTo(json);
                        break;
                }
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}

internal static class JsonNodeExtensions
{
    public static JsonNode? At(this JsonNode root, string place) => place.Split(':').Aggregate(
        (JsonNode?)root,
        static (node, segment) => node switch
        {
            JsonObject members => members[segment],
            JsonArray items => int.TryParse(segment, out var index) && index < items.Count ? items[index] : null,
            _ => null,
        });
}
