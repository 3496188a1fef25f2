using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Policies.Profiles;
using Gateway.Tests.Configuration;

namespace Gateway.Tests.Idempotency.Policies.Profiles;

public sealed class ProfileDefaultsTests
{
    [Fact]
    public void What_a_policy_says_goes_before_its_profile()
    {
        var policy = Read(""" "Profile": "Acp", "ErrorFormat": "Problem", "RefusalStatusCodes": { "key-reused": 409 }, "Key": { "Scope": "Operation", "Echo": false }, "Fingerprint": { "Body": "Raw", "MediaType": true }, "MarkReplays": false """);

        Assert.Equal(ErrorFormat.Problem, policy.ErrorFormat);
        Assert.Equal(409, policy.RefusalStatusCodes["key-reused"]);
        Assert.Equal(KeyScope.Operation, policy.Key.Scope);
        Assert.False(policy.Key.Echo);
        Assert.Equal(BodyReading.Raw, policy.Fingerprint.Body);
        Assert.True(policy.Fingerprint.MediaType);
        Assert.False(policy.MarkReplays);
    }

    [Fact]
    public void A_status_that_a_policy_names_leaves_the_profiles_other_list()
    {
        var policy = Read(""" "Profile": "Acp", "UnknownStatusCodes": [ 502, 504 ] """);

        Assert.Equal([502, 504], policy.UnknownStatusCodes.Order());
        Assert.Equal(98, policy.ReleaseStatusCodes.Count(code => code >= 500));

        var other = Read(""" "ReleaseStatusCodes": [ "5xx" ] """);
        Assert.Equal(Enumerable.Range(500, 100), other.ReleaseStatusCodes.Order());
        Assert.Empty(other.UnknownStatusCodes);
    }

    [Fact]
    public void A_profiles_own_status_can_be_set_back() =>
        Assert.Empty(Read(""" "Profile": "Stripe", "RefusalStatusCodes": { "key-reused": 422 } """).RefusalStatusCodes);

    [Theory]
    [InlineData("Ietf")]
    [InlineData("Stripe")]
    [InlineData("Acp")]
    [InlineData("Ucp")]
    public void A_policy_that_names_only_its_profile_differs_in_nothing(string profile) =>
        Assert.Empty(ProfileDifferences.Of(Read($"\"Profile\": \"{profile}\"")));

    [Fact]
    public void Each_difference_is_told_with_both_sides() => Assert.Equal(
        [
            "ErrorFormat is Problem, the profile has Ucp",
            "RefusalStatusCodes is none, the profile has key-reused=409",
            "ReleaseStatusCodes is 429, the profile has 401, 403, 407, 408, 425, 429, 503",
            "UnknownStatusCodes is 5xx, the profile has 502, 504",
            "Key:Header is X-Key, the profile has Idempotency-Key",
            "Key:Required is false, the profile has true",
            "Key:Format is Uuid, the profile has Any",
            "Key:MinLength is 1, the profile has 22",
            "Key:MaxLength is 64, the profile has 255",
            "Key:Scope is Path, the profile has Operation",
            "Key:Echo is false, the profile has true",
            "MarkReplays is false, the profile has true",
            "Fingerprint:Body is Json, the profile has Raw",
            "Fingerprint:MediaType is true, the profile has false",
            "Retention is 1.00:00:00, the profile has 2.00:00:00",
            "StoreFailure is Forward, the profile has Reject",
        ],
        ProfileDifferences.Of(Read("""
            "Profile": "Ucp", "ErrorFormat": "Problem", "RefusalStatusCodes": { "key-reused": 422 }, "ReleaseStatusCodes": [ 429 ], "UnknownStatusCodes": [ "5XX" ],
            "Key": { "Header": "X-Key", "Required": false, "Format": "Uuid", "MinLength": 1, "MaxLength": 64, "Scope": "Path", "Echo": false }, "MarkReplays": false,
            "Fingerprint": { "Body": "Json", "MediaType": true }, "Retention": "1.00:00:00", "StoreFailure": "Forward"
            """)).Select(difference => difference.ToString()));

    private static IdempotencyPolicy Read(string members)
    {
        var settings = Settings.Read($$"""{ "Idempotency": { "Policies": { "p": { "Actor": [ "Shared" ], {{members}} } } } }""");
        Assert.Empty(settings.Faults);
        return settings.Policies["p"];
    }
}
