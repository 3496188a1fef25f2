using System.Collections.Frozen;
using System.Globalization;
using Gateway.Idempotency.Authorization;
using Gateway.Idempotency.Policies.Profiles;
using Gateway.Idempotency.Request;
using Gateway.Idempotency.Response;

namespace Gateway.Idempotency.Policies;

/// <summary>Reads <c>Idempotency:Policies</c>, and says everything that is wrong with it.</summary>
internal static class PolicyReader
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);
    private static readonly string[] ProtectableMethods = ["POST", "PATCH", "PUT", "DELETE"];

    /// <summary>Of the message and its connection, or set by the gateway: from a caller they would say something else, or be a lie beside the truth.</summary>
    private static readonly FrozenSet<string> OfTheQuestion = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect", "Content-Length", "Content-Type", "Content-Encoding",
        "X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-For");

    public static FrozenDictionary<string, IdempotencyPolicy> ReadAll(SectionReader policies) =>
        policies.Names.Select(name => Read(name, policies.Child(name))).ToFrozenDictionary(policy => policy.Name, StringComparer.OrdinalIgnoreCase);

    private static IdempotencyPolicy Read(string name, SectionReader section)
    {
        var profile = ProfileDefaults.Of(section.Choice("Profile", PolicyProfile.Ietf));
        var (release, unknown) = StatusCodes(section, profile);
        var policy = new IdempotencyPolicy
        {
            Name = name,
            Mode = section.Choice<PolicyMode>("Mode", PolicyMode.Enforce),
            Methods = Methods(section),
            Operation = section.Text("Operation"),
            Profile = profile.Profile,
            ErrorFormat = section.Choice("ErrorFormat", profile.ErrorFormat),
            RefusalStatusCodes = RefusalStatusCodes(section.Child("RefusalStatusCodes"), profile),
            MarkReplays = section.Flag("MarkReplays", profile.MarkReplays),
            Key = Key(section.Child("Key"), profile),
            Actor = Actor(section),
            Fingerprint = Fingerprint(section.Child("Fingerprint"), profile),
            Retention = section.Duration("Retention", profile.Retention, OneSecond, TimeSpan.FromDays(366)),
            Lease = section.Duration("Lease", TimeSpan.FromSeconds(30), OneSecond, OneHour),
            Deadline = section.Duration("Deadline", TimeSpan.FromSeconds(100), OneSecond, TimeSpan.FromDays(1)),
            InProgress = section.Choice<InProgressBehaviour>("InProgress", InProgressBehaviour.Reject),
            WaitTimeout = section.Duration("WaitTimeout", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), OneHour),
            MaxWaiting = section.Number("MaxWaiting", 100, 1, 10_000),
            MaxLiveKeysPerActor = section.Number("MaxLiveKeysPerActor", 0, 0, int.MaxValue),
            MaxLiveBytesPerActor = section.Number("MaxLiveBytesPerActor", 0L, 0, 1L << 50),
            MaxInFlight = section.Number("MaxInFlight", 0, 0, int.MaxValue),
            OutcomeUnknown = section.Choice<OutcomeUnknownBehaviour>("OutcomeUnknown", OutcomeUnknownBehaviour.Hold),
            StoreFailure = section.Choice("StoreFailure", profile.StoreFailure),
            ReleaseStatusCodes = release,
            UnknownStatusCodes = unknown,
            ExcludedResponseHeaders = section.HeaderNames("ExcludedResponseHeaders").ToFrozenSet(StringComparer.OrdinalIgnoreCase),
            RetainBody = section.Flag("RetainBody", true),
            MaxRequestBodySize = section.Number("MaxRequestBodySize", 1 << 20, 0, int.MaxValue),
            MaxResponseBodySize = section.Number("MaxResponseBodySize", 1 << 20, 0, 1 << 26),
            DuplicateWindow = section.Duration("DuplicateWindow", TimeSpan.FromMinutes(5), TimeSpan.Zero, OneHour),
            ShowBody = section.Flag("ShowBody", false),
            EncryptAnswers = section.Flag("EncryptAnswers", false),
            RetainKey = section.Flag("RetainKey", true),
            ReplayAuthorization = ReplayAuthorization(section.Child("ReplayAuthorization")),
        };
        section.RefuseUnknownKeys();
        if (policy.Retention < policy.Deadline)
        {
            section.Fault("Retention", $"{policy.Retention:c} is shorter than Deadline, {policy.Deadline:c}.", "A key must not become free while its request may still run: make it at least as long.");
        }

        return policy;
    }

    private static FrozenSet<string> Methods(SectionReader section)
    {
        var methods = section.List("Methods", ["POST", "PATCH"]);
        if (methods.Count == 0)
        {
            section.Fault("Methods", "is empty: the policy would protect nothing.", "Name at least one method, or set Mode to Off.");
        }

        foreach (var method in methods.Except(ProtectableMethods, StringComparer.OrdinalIgnoreCase))
        {
            section.Fault("Methods", $"'{method}' cannot be protected.", $"Write some of: {string.Join(", ", ProtectableMethods)}.");
        }

        return methods.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    private static KeyRules Key(SectionReader section, ProfileDefaults profile)
    {
        var formatText = section.Text("Format") ?? "Any";
        var format = KeyFormat.Parse(formatText, out var problem);
        if (format is null)
        {
            section.Fault("Format", problem!, "Write Any, Uuid, Ulid or Regex:pattern.");
        }

        var header = section.Text("Header") ?? KeyRules.DefaultHeader;
        section.RefuseBadHeaderName("Header", header);
        RefuseTaken("Header", header);
        var aliases = section.HeaderNames("Aliases");
        foreach (var alias in aliases)
        {
            RefuseTaken("Aliases", alias);
        }

        if (aliases.Append(header).CountBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(name => name.Value > 1) is { Key: { } twice })
        {
            section.Fault("Aliases", $"'{twice}' is named twice.", "Name each header once.");
        }

        var rules = new KeyRules
        {
            Header = header,
            Aliases = aliases,
            Member = Member(section),
            Required = section.Flag("Required", profile.KeyRequired),
            Format = format ?? KeyFormat.Any,
            MinLength = section.Number("MinLength", profile.KeyMinLength, 1, 1024),
            MaxLength = section.Number("MaxLength", profile.KeyMaxLength, 1, 1024),
            Scope = section.Choice("Scope", profile.KeyScope),
            Echo = section.Flag("Echo", profile.EchoKey),
        };
        if (rules.MinLength > rules.MaxLength)
        {
            section.Fault("MinLength", $"{rules.MinLength} is more than MaxLength, {rules.MaxLength}.", "No key could be valid: lower it.");
        }

        section.RefuseUnknownKeys();
        return rules;

        void RefuseTaken(string key, string name)
        {
            if (HeaderName.HasAMeaningOfItsOwn(name))
            {
                section.Fault(key, $"'{name}' has a meaning of its own, and the key's header is echoed on every answer.", "Use Idempotency-Key or another header that only carries keys.");
            }
        }
    }

    private static JsonPointer? Member(SectionReader section)
    {
        if (section.Text("Member") is not { } text)
        {
            return null;
        }

        if (JsonPointer.TryParse(text, out var pointer) && !pointer.Segments.Contains("*"))
        {
            return pointer;
        }

        section.Fault("Member", $"'{text}' is not a JSON Pointer (RFC 6901) to one member.", "Write it as in /idempotency_key.");
        return null;
    }

    /// <summary>A map of codes, so that a policy names only those that it wants to change.</summary>
    private static FrozenDictionary<string, int> RefusalStatusCodes(SectionReader section, ProfileDefaults profile)
    {
        var codes = new Dictionary<string, int>();
        foreach (var (code, own) in ProblemCatalog.Refusals)
        {
            var status = section.Number(code, profile.RefusalStatusCodes.GetValueOrDefault(code, own), 400, 599);
            if (status != own)
            {
                codes.Add(code, status);
            }
        }

        section.RefuseUnknownKeys();
        return codes.ToFrozenDictionary();
    }

    private static ActorRules Actor(SectionReader section)
    {
        const string cure = "Write [ \"Header:Authorization\" ] or another header, [ \"Claim:sub\" ], [ \"Certificate\" ], or [ \"Shared\" ] if all callers may see each other's answers.";
        var texts = section.List("Actor", []);
        if (texts.Count == 0)
        {
            section.Fault("Actor", "is missing: without it one caller could read another's answer.", cure);
            return ActorRules.Shared;
        }

        if (texts.Contains("Shared", StringComparer.OrdinalIgnoreCase))
        {
            if (texts.Count > 1)
            {
                section.Fault("Actor", "'Shared' stands beside other values.", "Shared stands alone: take it or the others away.");
            }

            return ActorRules.Shared;
        }

        var sources = new List<ActorSource>();
        for (var i = 0; i < texts.Count; i++)
        {
            var (kind, name) = texts[i].Split(':', 2) is [var head, var tail] ? (head, tail) : (texts[i], "");
            var place = string.Create(CultureInfo.InvariantCulture, $"Actor:{i}");
            switch (kind.ToUpperInvariant())
            {
                case "HEADER":
                    section.RefuseBadHeaderName(place, name);
                    sources.Add(new(ActorKind.Header, name));
                    break;
                case "CERTIFICATE" when name.Length == 0:
                    sources.Add(new(ActorKind.Certificate, ""));
                    break;
                case "CLAIM" when name.Length > 0:
                    sources.Add(new(ActorKind.Claim, name));
                    break;
                default:
                    section.Fault(place, $"'{texts[i]}' names no actor.", cure);
                    break;
            }
        }

        return new ActorRules(sources);
    }

    /// <returns>Null: nobody is asked.</returns>
    private static ReplayAuthorizationRules? ReplayAuthorization(SectionReader section)
    {
        var url = section.Text("Url");
        var method = section.Text("Method") ?? "GET";
        var timeout = section.Duration("Timeout", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        var headers = section.Has("Headers") ? section.HeaderNames("Headers") : ["Authorization"];
        foreach (var header in headers.Where(header => OfTheQuestion.Contains(header)))
        {
            section.Fault("Headers", $"'{header}' is not the caller's to say.", "Name headers by which callers prove who they are, such as Authorization and Cookie.");
        }

        section.RefuseUnknownKeys();
        if (!HeaderName.IsValid(method)) // a method is a token, too (RFC 9110, section 9.1)
        {
            section.Fault("Method", $"'{method}' is not a method.", "Write GET or HEAD (default: GET).");
            method = "GET";
        }

        if (url is null)
        {
            if (section.Names.Any())
            {
                section.Fault("Url", "is missing: whom to ask?", "Write it as in http://auth.internal/check.");
            }

            return null;
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) || uri.UserInfo.Length > 0)
        {
            section.Fault("Url", "is not an http address without user and password.", "Write it as in http://auth.internal/check."); // not repeated: a password may stand in it
            return null;
        }

        return new ReplayAuthorizationRules { Url = uri, Method = HttpMethod.Parse(method), Timeout = timeout, Headers = headers };
    }

    private static FingerprintRules Fingerprint(SectionReader section, ProfileDefaults profile)
    {
        var rules = new FingerprintRules
        {
            Body = section.Choice("Body", profile.Body),
            Selection = new JsonSelection(Pointers(section, "Include"), Pointers(section, "Exclude")),
            MediaType = section.Flag("MediaType", profile.MediaType),
            Headers = section.HeaderNames("Headers"),
            Query = section.Flag("Query", true),
        };
        if (rules.Body is BodyReading.Raw or BodyReading.None && !rules.Selection.IsEverything)
        {
            section.Fault("Body", $"'{rules.Body}' does not look into the body, and Include or Exclude does.", "Set Body to Json, Multipart, Form or Auto, or take the pointers away.");
        }

        section.RefuseUnknownKeys();
        return rules;
    }

    private static List<JsonPointer> Pointers(SectionReader section, string key)
    {
        var pointers = new List<JsonPointer>();
        var texts = section.List(key, []);
        for (var i = 0; i < texts.Count; i++)
        {
            if (JsonPointer.TryParse(texts[i], out var pointer))
            {
                pointers.Add(pointer);
            }
            else
            {
                section.Fault(string.Create(CultureInfo.InvariantCulture, $"{key}:{i}"), $"'{texts[i]}' is not a JSON Pointer (RFC 6901).", "Write it as in /customer/address or /items/*/price; ~ is ~0 and / is ~1 inside a name.");
            }
        }

        return pointers;
    }

    /// <summary>What the policy says goes before what its profile says, in both lists.</summary>
    private static (FrozenSet<int> Release, FrozenSet<int> Unknown) StatusCodes(SectionReader section, ProfileDefaults profile)
    {
        var release = StatusCodes(section, "ReleaseStatusCodes");
        var unknown = StatusCodes(section, "UnknownStatusCodes");
        foreach (var code in (release ?? []).Intersect(unknown ?? []).Order())
        {
            section.Fault("UnknownStatusCodes", $"{code} stands in ReleaseStatusCodes as well.", "Either the backend did not act, or nobody knows: keep it in one list.");
        }

        return (
            (release ?? StatusCodeSet.Of(profile.ReleaseStatusCodes).Except(unknown ?? [])).ToFrozenSet(),
            (unknown ?? StatusCodeSet.Of(profile.UnknownStatusCodes).Except(release ?? [])).ToFrozenSet());
    }

    /// <returns>Null: the policy does not say.</returns>
    private static HashSet<int>? StatusCodes(SectionReader section, string key)
    {
        if (!section.Has(key))
        {
            return null;
        }

        var codes = new HashSet<int>();
        foreach (var text in section.List(key, []))
        {
            if (StatusCodeSet.Parse(text) is { } some)
            {
                codes.UnionWith(some);
            }
            else
            {
                section.Fault(key, $"'{text}' is not a status code.", "Write numbers from 200 to 599, or 2xx, 3xx, 4xx, 5xx for all of them.");
            }
        }

        return codes;
    }
}
