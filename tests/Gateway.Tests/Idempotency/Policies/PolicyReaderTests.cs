using Gateway.Idempotency.Policies;
using Gateway.Tests.Configuration;

namespace Gateway.Tests.Idempotency.Policies;

public sealed class PolicyReaderTests
{
    [Fact]
    public void Every_member_of_a_policy_is_read()
    {
        var settings = Settings.Read("""
            { "Idempotency": { "Policies": { "p": {
              "Mode": "Off", "Profile": "ietf", "Methods": [ "put", "DELETE" ], "Operation": "pay",
              "Key": { "Header": "X-Key", "Required": false, "Format": "Regex:[a-z]+", "MinLength": 2, "MaxLength": 1024 },
              "Actor": [ "header:X-Tenant", "CERTIFICATE", "Header:X-User" ],
              "Fingerprint": { "Body": "Json", "Include": [ "/a" ], "Exclude": [ "/a/b" ], "Headers": [ "X-Api", "Accept" ], "Query": false },
              "Retention": "366.00:00:00", "Lease": "01:00:00", "Deadline": "1.00:00:00", "InProgress": "reject", "WaitTimeout": "00:00:00.1",
              "OutcomeUnknown": "RETRY", "StoreFailure": "Forward", "ReleaseStatusCodes": [ 409, "599" ], "UnknownStatusCodes": [],
              "ExcludedResponseHeaders": [ "X-Secret" ], "RetainBody": false, "MaxRequestBodySize": 0, "MaxResponseBodySize": 67108864
            } } } }
            """);

        Assert.Empty(settings.Faults);
        var policy = settings.Policies["P"];
        Assert.Equal((PolicyMode.Off, "pay"), (policy.Mode, policy.Operation));
        Assert.Equal(["DELETE", "put"], policy.Methods.Order(StringComparer.Ordinal));
        Assert.Equal(("X-Key", false, "Regex:[a-z]+", 2, 1024), (policy.Key.Header, policy.Key.Required, policy.Key.Format.Name, policy.Key.MinLength, policy.Key.MaxLength));
        Assert.Equal(["Header:X-Tenant", "Certificate", "Header:X-User"], policy.Actor.Sources.Select(source => source.ToString()));
        Assert.Equal((BodyReading.Json, false), (policy.Fingerprint.Body, policy.Fingerprint.Query));
        Assert.False(policy.Fingerprint.Selection.IsEverything);
        Assert.Equal(["X-Api", "Accept"], policy.Fingerprint.Headers);
        Assert.Equal((TimeSpan.FromDays(366), TimeSpan.FromHours(1), TimeSpan.FromDays(1)), (policy.Retention, policy.Lease, policy.Deadline));
        Assert.Equal((OutcomeUnknownBehaviour.Retry, StoreFailureBehaviour.Forward), (policy.OutcomeUnknown, policy.StoreFailure));
        Assert.Equal([409, 599], policy.ReleaseStatusCodes.Order());
        Assert.Empty(policy.UnknownStatusCodes);
        Assert.Equal(["X-Secret"], policy.ExcludedResponseHeaders);
        Assert.False(policy.RetainBody);
        Assert.Equal((0, 67_108_864), (policy.MaxRequestBodySize, policy.MaxResponseBodySize));
    }

    [Fact]
    public void Shared_is_an_actor_in_so_many_words() => Assert.True(Settings.Policy("\"Mode\": \"Enforce\"").Actor.IsShared);

    [Theory]
    [InlineData("\"Operation\": null")]
    [InlineData("\"Operation\": \"\"")]
    [InlineData("\"Methods\": null")]
    [InlineData("\"Key\": null, \"Fingerprint\": null")]
    [InlineData("\"Key\": {}, \"Fingerprint\": {}")]
    [InlineData("\"ReleaseStatusCodes\": null, \"Lease\": null, \"RetainBody\": null, \"Mode\": null, \"MaxRequestBodySize\": null")]
    public void Null_and_empty_mean_the_default(string members)
    {
        var policy = Settings.Policy(members);

        Assert.Null(policy.Operation);
        Assert.Equal(["PATCH", "POST"], policy.Methods.Order(StringComparer.Ordinal));
        Assert.Equal("Idempotency-Key", policy.Key.Header);
        Assert.Equal(7, policy.ReleaseStatusCodes.Count);
        Assert.Equal(TimeSpan.FromSeconds(30), policy.Lease);
        Assert.True(policy.RetainBody);
        Assert.Equal(1 << 20, policy.MaxRequestBodySize);
    }

    [Theory]
    [InlineData("\"Retention\": \"00:01:40\", \"Deadline\": \"00:01:40\"")]
    [InlineData("\"Key\": { \"MinLength\": 36, \"MaxLength\": 36 }")]
    [InlineData("\"ReleaseStatusCodes\": [ 200 ], \"UnknownStatusCodes\": [ 599 ]")]
    public void What_is_just_within_the_limits_is_taken(string members) => Assert.Empty(Settings.WithPolicy(members).Faults);

    [Fact]
    public void An_empty_list_is_an_empty_list_and_not_the_default()
    {
        var policy = Settings.Policy("\"ReleaseStatusCodes\": [], \"UnknownStatusCodes\": []");

        Assert.Empty(policy.ReleaseStatusCodes);
        Assert.Empty(policy.UnknownStatusCodes);
    }

    [Fact]
    public void Names_of_members_have_no_case() => Assert.Equal(TimeSpan.FromSeconds(5), Settings.Policy("\"lEASE\": \"00:00:05\"").Lease);

    [Theory]
    // Unknown keys: a typo must not switch protection off.
    [InlineData("\"Retension\": \"1.00:00:00\"", "Retension", "is not a known key.", "Did you mean 'Retention'?")]
    [InlineData("\"Metods\": [ \"POST\" ]", "Metods", "is not a known key.", "Did you mean 'Methods'?")]
    [InlineData("\"MaxReponseBodySize\": 1", "MaxReponseBodySize", "is not a known key.", "Did you mean 'MaxResponseBodySize'?")]
    [InlineData("\"OutcomeUnkown\": \"Retry\"", "OutcomeUnkown", "is not a known key.", "Did you mean 'OutcomeUnknown'?")]
    [InlineData("\"Frobnicate\": {}", "Frobnicate", "is not a known key.", "Known here: ")]
    [InlineData("\"Enabled\": null", "Enabled", "is not a known key.", "Known here: ")]
    [InlineData("\"Key\": { \"Formt\": \"Uuid\" }", "Key:Formt", "is not a known key.", "Did you mean 'Format'?")]
    [InlineData("\"Fingerprint\": { \"Excludes\": [ \"/a\" ] }", "Fingerprint:Excludes", "is not a known key.", "Did you mean 'Exclude'?")]
    // Numbers
    [InlineData("\"MaxRequestBodySize\": \"1MB\"", "MaxRequestBodySize", "'1MB' is not a whole number from 0 to 2147483647.", "(default: 1048576)")]
    [InlineData("\"MaxRequestBodySize\": -1", "MaxRequestBodySize", "'-1' is not a whole number", "(default: 1048576)")]
    [InlineData("\"MaxRequestBodySize\": 2147483648", "MaxRequestBodySize", "'2147483648' is not a whole number", "(default: 1048576)")]
    [InlineData("\"MaxResponseBodySize\": 1.5", "MaxResponseBodySize", "'1.5' is not a whole number", "(default: 1048576)")]
    [InlineData("\"MaxResponseBodySize\": 1e3", "MaxResponseBodySize", "'1e3' is not a whole number", "(default: 1048576)")]
    [InlineData("\"MaxResponseBodySize\": 99999999999", "MaxResponseBodySize", "is not a whole number", "(default: 1048576)")]
    [InlineData("\"MaxResponseBodySize\": \"1,000\"", "MaxResponseBodySize", "is not a whole number", "(default: 1048576)")]
    [InlineData("\"Key\": { \"MinLength\": 0 }", "Key:MinLength", "'0' is not a whole number from 1 to 1024.", "(default: 1)")]
    [InlineData("\"Key\": { \"MaxLength\": 1025 }", "Key:MaxLength", "'1025' is not a whole number from 1 to 1024.", "(default: 255)")]
    [InlineData("\"Key\": { \"MinLength\": 40, \"MaxLength\": 36 }", "Key:MinLength", "40 is more than MaxLength, 36.", "lower it")]
    // Durations
    [InlineData("\"Lease\": \"30\"", "Lease", "'30' is not a duration from 00:00:01 to 01:00:00.", "Write [d.]hh:mm:ss (default: 00:00:30).")]
    [InlineData("\"Lease\": 30", "Lease", "'30' is not a duration", "hh:mm:ss")]
    [InlineData("\"Lease\": \"30s\"", "Lease", "'30s' is not a duration", "hh:mm:ss")]
    [InlineData("\"Lease\": \"00:00:00.5\"", "Lease", "is not a duration from 00:00:01", "hh:mm:ss")]
    [InlineData("\"Lease\": \"-00:00:30\"", "Lease", "is not a duration", "hh:mm:ss")]
    [InlineData("\"Lease\": \"01:00:01\"", "Lease", "is not a duration", "hh:mm:ss")]
    [InlineData("\"Lease\": \"00:00:90\"", "Lease", "is not a duration", "hh:mm:ss")]
    [InlineData("\"Retention\": \"00:01:00\"", "Retention", "00:01:00 is shorter than Deadline, 00:01:40.", "at least as long")]
    [InlineData("\"Retention\": \"24:00:00\"", "Retention", "'24:00:00' is not a duration", "(default: 1.00:00:00)")]
    [InlineData("\"Retention\": \"48:00:00\"", "Retention", "'48:00:00' is not a duration", "[d.]hh:mm:ss")]
    [InlineData("\"Retention\": \"1:00:00:00\"", "Retention", "is not a duration", "[d.]hh:mm:ss")]
    [InlineData("\"Retention\": \"367.00:00:00\"", "Retention", "is not a duration from 00:00:01 to 366.00:00:00.", "[d.]hh:mm:ss")]
    [InlineData("\"Deadline\": \"00:00:00\"", "Deadline", "is not a duration from 00:00:01 to 1.00:00:00.", "(default: 00:01:40)")]
    [InlineData("\"WaitTimeout\": \"10\"", "WaitTimeout", "'10' is not a duration", "(default: 00:00:10)")]
    // Names
    [InlineData("\"Mode\": \"On\"", "Mode", "'On' is unknown.", "Write one of: Enforce, Observe, Off (default: Enforce).")]
    [InlineData("\"Mode\": 1", "Mode", "'1' is unknown.", "Write one of: Enforce, Observe, Off")]
    [InlineData("\"Mode\": \"Enforce,Off\"", "Mode", "'Enforce,Off' is unknown.", "Write one of: Enforce, Observe, Off")]
    [InlineData("\"Mode\": true", "Mode", "'True' is unknown.", "Write one of: Enforce, Observe, Off")]
    [InlineData("\"OutcomeUnknown\": \"Release\"", "OutcomeUnknown", "'Release' is unknown.", "Hold, Retry")]
    [InlineData("\"StoreFailure\": \"1\"", "StoreFailure", "'1' is unknown.", "Reject, Forward")]
    [InlineData("\"Fingerprint\": { \"Body\": \"Xml\" }", "Fingerprint:Body", "'Xml' is unknown.", "Auto, Raw, Json, Multipart, Form, None")]
    // Of the design, and not of this version
    [InlineData("\"DuplicateWindow\": \"5\"", "DuplicateWindow", "'5' is not a duration from 00:00:00 to 01:00:00.", "(default: 00:05:00)")]
    [InlineData("\"ShowBody\": \"yes\"", "ShowBody", "'yes' is neither true nor false.", "(default: false)")]
    [InlineData("\"WaitTimeout\": \"00:00:00\"", "WaitTimeout", "is not a duration from 00:00:00.1000000 to 01:00:00.", "(default: 00:00:10)")]
    [InlineData("\"MaxWaiting\": 0", "MaxWaiting", "'0' is not a whole number from 1 to 10000.", "(default: 100)")]
    [InlineData("\"MaxInFlight\": -1", "MaxInFlight", "'-1' is not a whole number", "(default: 0)")]
    [InlineData("\"Profile\": \"Paypal\"", "Profile", "'Paypal' is unknown.", "Write one of: Ietf, Stripe, Acp, Ucp (default: Ietf).")]
    [InlineData("\"ErrorFormat\": \"Xml\"", "ErrorFormat", "'Xml' is unknown.", "Write one of: Problem, Stripe, Acp, Ucp (default: Problem).")]
    [InlineData("\"RefusalStatusCodes\": { \"key-reused\": 200 }", "RefusalStatusCodes:key-reused", "'200' is not a whole number from 400 to 599.", "(default: 422)")]
    [InlineData("\"RefusalStatusCodes\": { \"key-reusd\": 409 }", "RefusalStatusCodes:key-reusd", "is not a known key.", "Did you mean 'key-reused'?")]
    [InlineData("\"ReleaseStatusCodes\": [ \"6xx\" ]", "ReleaseStatusCodes", "'6xx' is not a status code.", "2xx, 3xx, 4xx, 5xx")]
    [InlineData("\"Key\": { \"Aliases\": [ \"Cookie\" ] }", "Key:Aliases", "'Cookie' has a meaning of its own", "Idempotency-Key")]
    [InlineData("\"Key\": { \"Aliases\": [ \"idempotency-key\" ] }", "Key:Aliases", "is named twice.", "Name each header once.")]
    [InlineData("\"Key\": { \"Member\": \"idempotency_key\" }", "Key:Member", "is not a JSON Pointer (RFC 6901) to one member.", "/idempotency_key")]
    [InlineData("\"Key\": { \"Member\": \"/a/*\" }", "Key:Member", "is not a JSON Pointer (RFC 6901) to one member.", "/idempotency_key")]
    [InlineData("\"Key\": { \"Scope\": \"Host\" }", "Key:Scope", "'Host' is unknown.", "Write one of: Operation, Path (default: Operation).")]
    [InlineData("\"MaxLiveKeysPerActor\": -1", "MaxLiveKeysPerActor", "'-1' is not a whole number", "(default: 0)")]
    // Booleans
    [InlineData("\"RetainBody\": \"no\"", "RetainBody", "'no' is neither true nor false.", "(default: true)")]
    [InlineData("\"Key\": { \"Required\": 0 }", "Key:Required", "'0' is neither true nor false.", "(default: true)")]
    [InlineData("\"Fingerprint\": { \"Query\": \"off\" }", "Fingerprint:Query", "'off' is neither true nor false.", "(default: true)")]
    // Methods
    [InlineData("\"Methods\": []", "Methods", "is empty: the policy would protect nothing.", "set Mode to Off")]
    [InlineData("\"Methods\": [ \"POST\", \"GET\" ]", "Methods", "'GET' cannot be protected.", "POST, PATCH, PUT, DELETE")]
    [InlineData("\"Methods\": [ \"POST \" ]", "Methods", "'POST ' cannot be protected.", "POST, PATCH, PUT, DELETE")]
    [InlineData("\"Methods\": [ \"*\" ]", "Methods", "'*' cannot be protected.", "POST, PATCH, PUT, DELETE")]
    // Header names
    [InlineData("\"Key\": { \"Header\": \"authorization\" }", "Key:Header", "'authorization' has a meaning of its own", "Idempotency-Key")]
    [InlineData("\"Key\": { \"Header\": \"Idempotency Key\" }", "Key:Header", "'Idempotency Key' is not a header name.", "RFC 9110")]
    [InlineData("\"Key\": { \"Header\": \"Idempotency-Key:\" }", "Key:Header", "'Idempotency-Key:' is not a header name.", "RFC 9110")]
    [InlineData("\"Key\": { \"Header\": \"Clé\" }", "Key:Header", "is not a header name.", "RFC 9110")]
    [InlineData("\"Fingerprint\": { \"Headers\": [ \"X-A\", \"X,B\" ] }", "Fingerprint:Headers", "'X,B' is not a header name.", "RFC 9110")]
    [InlineData("\"ExcludedResponseHeaders\": [ \"X\\r\\nY\" ]", "ExcludedResponseHeaders", "is not a header name.", "RFC 9110")]
    // Pointers
    [InlineData("\"Fingerprint\": { \"Exclude\": [ \"/ok\", \"requestedAt\" ] }", "Fingerprint:Exclude:1", "'requestedAt' is not a JSON Pointer (RFC 6901).", "/customer/address")]
    [InlineData("\"Fingerprint\": { \"Include\": [ \"$.a\" ] }", "Fingerprint:Include:0", "'$.a' is not a JSON Pointer", "/items/*/price")]
    [InlineData("\"Fingerprint\": { \"Include\": [ \"/a~2\" ] }", "Fingerprint:Include:0", "'/a~2' is not a JSON Pointer", "~ is ~0")]
    [InlineData("\"Fingerprint\": { \"Body\": \"Raw\", \"Exclude\": [ \"/a\" ] }", "Fingerprint:Body", "'Raw' does not look into the body", "Set Body to Json, Multipart, Form or Auto")]
    [InlineData("\"Fingerprint\": { \"Body\": \"None\", \"Include\": [ \"/a\" ] }", "Fingerprint:Body", "'None' does not look into the body", "Set Body to Json, Multipart, Form or Auto")]
    // Statuses
    [InlineData("\"ReleaseStatusCodes\": [ 503, 502 ], \"UnknownStatusCodes\": [ 502 ]", "UnknownStatusCodes", "502 stands in ReleaseStatusCodes as well.", "keep it in one list")]
    [InlineData("\"ReleaseStatusCodes\": [ 503 ], \"UnknownStatusCodes\": [ \"5xx\" ]", "UnknownStatusCodes", "503 stands in ReleaseStatusCodes as well.", "keep it in one list")]
    [InlineData("\"ReleaseStatusCodes\": [ 199 ]", "ReleaseStatusCodes", "'199' is not a status code.", "200 to 599")]
    [InlineData("\"UnknownStatusCodes\": [ 600 ]", "UnknownStatusCodes", "'600' is not a status code.", "200 to 599")]
    [InlineData("\"UnknownStatusCodes\": [ \"50x\" ]", "UnknownStatusCodes", "'50x' is not a status code.", "200 to 599")]
    [InlineData("\"UnknownStatusCodes\": [ \"+502\" ]", "UnknownStatusCodes", "'+502' is not a status code.", "200 to 599")]
    // Key formats
    [InlineData("\"Key\": { \"Format\": \"Guid\" }", "Key:Format", "'Guid' is unknown.", "Any, Uuid, Ulid or Regex:pattern")]
    [InlineData("\"Key\": { \"Format\": \"Regex:(a)\\\\1\" }", "Key:Format", "linear time", "Regex:pattern")]
    // One value where a list stands, and the other way round
    [InlineData("\"ReleaseStatusCodes\": 503", "ReleaseStatusCodes", "'503' is one value.", "Write a list")]
    [InlineData("\"ExcludedResponseHeaders\": \"X\"", "ExcludedResponseHeaders", "'X' is one value.", "Write a list")]
    [InlineData("\"Fingerprint\": { \"Exclude\": \"/a\" }", "Fingerprint:Exclude", "'/a' is one value.", "Write a list")]
    [InlineData("\"Lease\": [ \"00:00:30\" ]", "Lease", "is a list or an object.", "Write one value.")]
    [InlineData("\"Operation\": { \"a\": 1 }", "Operation", "is a list or an object.", "Write one value.")]
    [InlineData("\"RetainBody\": [ true ]", "RetainBody", "is a list or an object.", "Write one value.")]
    [InlineData("\"Mode\": [ \"Off\" ]", "Mode", "is a list or an object.", "Write one value.")]
    [InlineData("\"Key\": \"Idempotency-Key\"", "Key", "'Idempotency-Key' is one value.", "Write an object")]
    [InlineData("\"Fingerprint\": true", "Fingerprint", "'True' is one value.", "Write an object")]
    [InlineData("\"Key\": [ \"Idempotency-Key\" ]", "Key:0", "is not a known key.", "Known here: ")]
    [InlineData("\"ReleaseStatusCodes\": [ [ 503 ] ]", "ReleaseStatusCodes:0", "is not a value.", "A list holds texts or numbers.")]
    [InlineData("\"ExcludedResponseHeaders\": [ null ]", "ExcludedResponseHeaders:0", "is not a value.", "A list holds texts or numbers.")]
    [InlineData("\"Fingerprint\": { \"Exclude\": [ \"\" ] }", "Fingerprint:Exclude:0", "is not a value.", "A list holds texts or numbers.")]
    public void A_fault_says_its_place_what_is_wrong_and_what_to_write_instead(string members, string place, string problem, string cure)
    {
        var fault = Assert.Single(Settings.WithPolicy(members).Faults);

        Assert.Equal($"Idempotency:Policies:p:{place}", fault.Place);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Contains(cure, fault.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_means_something_else_on_an_answer_carries_no_key() => Assert.All<string>(
        [
            "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "Proxy-Authenticate", "WWW-Authenticate", "Host", "Connection", "Keep-Alive", "Upgrade",
            "Transfer-Encoding", "TE", "Trailer", "Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range",
            "Cache-Control", "Date", "ETag", "Expect", "Link", "Location", "Retry-After", "Server", "Vary", "Idempotent-Replayed", "Idempotency-Status",
        ],
        name => Assert.Equal("Idempotency:Policies:p:Key:Header", Assert.Single(Settings.WithPolicy($$"""  "Key": { "Header": "{{name}}" }""").Faults).Place));

    [Theory]
    [InlineData("", "Actor", "is missing")]
    [InlineData("\"Actor\": []", "Actor", "is missing")]
    [InlineData("\"Actor\": null", "Actor", "is missing")]
    [InlineData("\"Actor\": [ \"Shared\", \"Header:Authorization\" ]", "Actor", "'Shared' stands beside other values.")]
    [InlineData("\"Actor\": [ \"Certificate\", \"shared\" ]", "Actor", "'Shared' stands beside other values.")]
    [InlineData("\"Actor\": [ \"Claim:\" ]", "Actor:0", "'Claim:' names no actor.")]
    [InlineData("\"Actor\": [ \"Shared\" ], \"ReplayAuthorization\": { \"Url\": \"/check\" }", "ReplayAuthorization:Url", "is not an http address without user and password.")]
    [InlineData("\"Actor\": [ \"Shared\" ], \"ReplayAuthorization\": { \"Method\": \"HEAD\" }", "ReplayAuthorization:Url", "is missing: whom to ask?")]
    [InlineData("\"Actor\": [ \"Authorization\" ]", "Actor:0", "'Authorization' names no actor.")]
    [InlineData("\"Actor\": [ \"Cookie:sid\" ]", "Actor:0", "'Cookie:sid' names no actor.")]
    [InlineData("\"Actor\": [ \"Certificate:cn\" ]", "Actor:0", "'Certificate:cn' names no actor.")]
    [InlineData("\"Actor\": [ \"Header:\" ]", "Actor:0", "'' is not a header name.")]
    [InlineData("\"Actor\": [ \"Header\" ]", "Actor:0", "'' is not a header name.")]
    [InlineData("\"Actor\": [ \"Header: Authorization\" ]", "Actor:0", "' Authorization' is not a header name.")]
    [InlineData("\"Actor\": [ \"Header:A:B\" ]", "Actor:0", "'A:B' is not a header name.")]
    public void A_policy_without_an_actor_that_is_sure_is_a_fault(string members, string place, string problem)
    {
        var settings = Settings.Read($$"""{ "Idempotency": { "Policies": { "p": { {{members}} } } } }""");

        var fault = Assert.Single(settings.Faults);
        Assert.Equal($"Idempotency:Policies:p:{place}", fault.Place);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(fault.Cure);
    }

    [Theory]
    [InlineData("\"Actor\": \"Shared\"", "Actor", "'Shared' is one value.")]
    [InlineData("\"Actor\": [ \"Shared\" ], \"Methods\": \"POST\"", "Methods", "'POST' is one value.")]
    public void One_value_for_a_list_that_may_not_be_empty_is_told_so(string members, string key, string problem) => Assert.Contains(
        Settings.Read($$"""{ "Idempotency": { "Policies": { "p": { {{members}} } } } }""").Faults,
        fault => fault.Place == $"Idempotency:Policies:p:{key}" && fault.Problem == problem && fault.Cure.StartsWith("Write a list", StringComparison.Ordinal));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"x\"")]
    public void A_policy_that_is_only_a_name_is_a_fault(string policy) => Assert.Contains(
        Settings.Read($$"""{ "Idempotency": { "Policies": { "p": {{policy}} } } }""").Faults, fault => fault.Place.StartsWith("Idempotency:Policies:p", StringComparison.Ordinal));

    [Theory]
    [InlineData("POST", true)]
    [InlineData("post", true)]
    [InlineData("PATCH", true)]
    [InlineData("PUT", false)]
    [InlineData("GET", false)]
    public void A_policy_protects_its_methods(string method, bool isProtected)
    {
        Assert.Equal(isProtected, Settings.Policy("\"Mode\": \"Enforce\"").Protects(method));
        Assert.Equal(isProtected, Settings.Policy("\"Mode\": \"observe\"").Protects(method));
        Assert.False(Settings.Policy("\"Mode\": \"Off\"").Protects(method));
    }
}
