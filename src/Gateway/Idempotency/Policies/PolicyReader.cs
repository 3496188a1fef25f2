using System.Collections.Frozen;
using System.Globalization;
using Gateway.Idempotency.Request;

namespace Gateway.Idempotency.Policies;

/// <summary>Reads <c>Idempotency:Policies</c>, and says everything that is wrong with it.</summary>
internal static class PolicyReader
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);
    private static readonly string[] ProtectableMethods = ["POST", "PATCH", "PUT", "DELETE"];

    public static FrozenDictionary<string, IdempotencyPolicy> ReadAll(SectionReader policies) =>
        policies.Names.Select(name => Read(name, policies.Child(name))).ToFrozenDictionary(policy => policy.Name, StringComparer.OrdinalIgnoreCase);

    private static IdempotencyPolicy Read(string name, SectionReader section)
    {
        var release = StatusCodes(section, "ReleaseStatusCodes", [401, 403, 407, 408, 425, 429, 503]);
        var unknown = StatusCodes(section, "UnknownStatusCodes", [502, 504]);
        foreach (var code in release.Intersect(unknown))
        {
            section.Fault("UnknownStatusCodes", $"{code} stands in ReleaseStatusCodes as well.", "Either the backend did not act, or nobody knows: keep it in one list.");
        }

        section.Choice<PolicyProfile>("Profile", PolicyProfile.Ietf, "Stripe", "Acp", "Ucp");
        section.Duration("WaitTimeout", TimeSpan.FromSeconds(10), TimeSpan.Zero, OneHour);
        if (section.Number("MaxLiveKeysPerActor", 0, 0, int.MaxValue) > 0)
        {
            section.Fault("MaxLiveKeysPerActor", "quotas are not available in this version.", "Leave it at 0.");
        }

        var policy = new IdempotencyPolicy
        {
            Name = name,
            Mode = section.Choice<PolicyMode>("Mode", PolicyMode.Enforce),
            Methods = Methods(section),
            Operation = section.Text("Operation"),
            Key = Key(section.Child("Key")),
            Actor = Actor(section),
            Fingerprint = Fingerprint(section.Child("Fingerprint")),
            Retention = section.Duration("Retention", TimeSpan.FromHours(24), OneSecond, TimeSpan.FromDays(366)),
            Lease = section.Duration("Lease", TimeSpan.FromSeconds(30), OneSecond, OneHour),
            Deadline = section.Duration("Deadline", TimeSpan.FromSeconds(100), OneSecond, TimeSpan.FromDays(1)),
            InProgress = section.Choice<InProgressBehaviour>("InProgress", InProgressBehaviour.Reject, "Wait"),
            OutcomeUnknown = section.Choice<OutcomeUnknownBehaviour>("OutcomeUnknown", OutcomeUnknownBehaviour.Hold),
            StoreFailure = section.Choice<StoreFailureBehaviour>("StoreFailure", StoreFailureBehaviour.Reject),
            ReleaseStatusCodes = release,
            UnknownStatusCodes = unknown,
            ExcludedResponseHeaders = section.HeaderNames("ExcludedResponseHeaders").ToFrozenSet(StringComparer.OrdinalIgnoreCase),
            RetainBody = section.Flag("RetainBody", true),
            MaxRequestBodySize = section.Number("MaxRequestBodySize", 1 << 20, 0, 1 << 26),
            MaxResponseBodySize = section.Number("MaxResponseBodySize", 1 << 20, 0, 1 << 26),
            DuplicateWindow = section.Duration("DuplicateWindow", TimeSpan.FromMinutes(5), TimeSpan.Zero, OneHour),
            ShowBody = section.Flag("ShowBody", false),
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

    private static KeyRules Key(SectionReader section)
    {
        var formatText = section.Text("Format") ?? "Any";
        var format = KeyFormat.Parse(formatText, out var problem);
        if (format is null)
        {
            section.Fault("Format", problem!, "Write Any, Uuid, Ulid or Regex:pattern.");
        }

        var header = section.Text("Header") ?? "Idempotency-Key";
        section.RefuseBadHeaderName("Header", header);
        if (HeaderName.HasAMeaningOfItsOwn(header))
        {
            section.Fault("Header", $"'{header}' has a meaning of its own, and the key's header is echoed on every answer.", "Use Idempotency-Key or another header that only carries keys.");
        }

        var rules = new KeyRules
        {
            Header = header,
            Required = section.Flag("Required", true),
            Format = format ?? KeyFormat.Any,
            MinLength = section.Number("MinLength", 1, 1, 1024),
            MaxLength = section.Number("MaxLength", 255, 1, 1024),
        };
        if (rules.MinLength > rules.MaxLength)
        {
            section.Fault("MinLength", $"{rules.MinLength} is more than MaxLength, {rules.MaxLength}.", "No key could be valid: lower it.");
        }

        section.RefuseUnknownKeys();
        return rules;
    }

    private static ActorRules Actor(SectionReader section)
    {
        const string cure = "Write [ \"Header:Authorization\" ] or another header, [ \"Certificate\" ], or [ \"Shared\" ] if all callers may see each other's answers.";
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
                case "CLAIM":
                    section.Fault(place, "claims need authentication on the route, which is not available in this version.", cure);
                    break;
                default:
                    section.Fault(place, $"'{texts[i]}' names no actor.", cure);
                    break;
            }
        }

        return new ActorRules(sources);
    }

    private static FingerprintRules Fingerprint(SectionReader section)
    {
        var rules = new FingerprintRules
        {
            Body = section.Choice<BodyReading>("Body", BodyReading.Auto, "Multipart"),
            Selection = new JsonSelection(Pointers(section, "Include"), Pointers(section, "Exclude")),
            Headers = section.HeaderNames("Headers"),
            Query = section.Flag("Query", true),
        };
        if (rules.Body is BodyReading.Raw or BodyReading.None && !rules.Selection.IsEverything)
        {
            section.Fault("Body", $"'{rules.Body}' does not look into the body, and Include or Exclude does.", "Set Body to Json or Auto, or take the pointers away.");
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

    private static FrozenSet<int> StatusCodes(SectionReader section, string key, int[] fallback)
    {
        var codes = new HashSet<int>();
        foreach (var text in section.List(key, [.. fallback.Select(code => code.ToString(CultureInfo.InvariantCulture))]))
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 200 and <= 599)
            {
                codes.Add(code);
            }
            else
            {
                section.Fault(key, $"'{text}' is not a status code.", "Write numbers from 200 to 599.");
            }
        }

        return codes.ToFrozenSet();
    }
}
