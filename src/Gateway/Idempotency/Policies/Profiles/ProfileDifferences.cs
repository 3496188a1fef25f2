using System.Collections.Frozen;
using System.Globalization;

namespace Gateway.Idempotency.Policies.Profiles;

/// <summary>What a policy does differently from the profile that it names.</summary>
internal static class ProfileDifferences
{
    public static IEnumerable<ProfileDifference> Of(IdempotencyPolicy policy)
    {
        var profile = ProfileDefaults.Of(policy.Profile);
        var key = policy.Key;
        return from pair in (IEnumerable<ProfileDifference>)
               [
                   new("ErrorFormat", Word(policy.ErrorFormat), Word(profile.ErrorFormat)),
                   new("RefusalStatusCodes", Codes(policy.RefusalStatusCodes), Codes(profile.RefusalStatusCodes)),
                   new("ReleaseStatusCodes", StatusCodeSet.Text(policy.ReleaseStatusCodes), StatusCodeSet.Text(StatusCodeSet.Of(profile.ReleaseStatusCodes))),
                   new("UnknownStatusCodes", StatusCodeSet.Text(policy.UnknownStatusCodes), StatusCodeSet.Text(StatusCodeSet.Of(profile.UnknownStatusCodes))),
                   new("Key:Header", key.Header, KeyRules.DefaultHeader),
                   new("Key:Required", Word(key.Required), Word(profile.KeyRequired)),
                   new("Key:Format", key.Format.Name, KeyFormat.Any.Name),
                   new("Key:MinLength", Word(key.MinLength), Word(profile.KeyMinLength)),
                   new("Key:MaxLength", Word(key.MaxLength), Word(profile.KeyMaxLength)),
                   new("Key:Scope", Word(key.Scope), Word(profile.KeyScope)),
                   new("Key:Echo", Word(key.Echo), Word(profile.EchoKey)),
                   new("MarkReplays", Word(policy.MarkReplays), Word(profile.MarkReplays)),
                   new("Fingerprint:Body", Word(policy.Fingerprint.Body), Word(profile.Body)),
                   new("Fingerprint:MediaType", Word(policy.Fingerprint.MediaType), Word(profile.MediaType)),
                   new("Retention", Word(policy.Retention), Word(profile.Retention)),
                   new("StoreFailure", Word(policy.StoreFailure), Word(profile.StoreFailure)),
               ]
               where pair.Here != pair.Profile
               select pair;
    }

    private static string Codes(FrozenDictionary<string, int> codes) => codes.Count == 0
        ? "none"
        : string.Join(", ", codes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")));

    private static string Word<T>(T value)
        where T : notnull => value switch
        {
            bool flag => flag ? "true" : "false",
            TimeSpan duration => duration.ToString("c", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
}

/// <param name="Key">As in <c>Policies:{name}:{key}</c>.</param>
/// <param name="Here">What the policy says.</param>
/// <param name="Profile">What its profile would.</param>
internal readonly record struct ProfileDifference(string Key, string Here, string Profile)
{
    public override string ToString() => $"{Key} is {Here}, the profile has {Profile}";
}
