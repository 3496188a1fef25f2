using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

public sealed class ActorReaderTests
{
    private static readonly ActorRules Authorization = new([new ActorSource(ActorKind.Header, "Authorization")]);
    private static readonly ActorRules TenantAndUser = new([new ActorSource(ActorKind.Header, "X-Tenant"), new ActorSource(ActorKind.Header, "X-User")]);
    private static readonly ActorRules Certificate = new([new ActorSource(ActorKind.Certificate, "")]);

    [Fact]
    public void The_actors_digest_does_not_drift() =>
        Assert.Equal("1f5956879edbc3ef3a6a990b6deba931", Hex.Of(Read(Authorization, ("Authorization", "Bearer t0ken"))));

    [Fact]
    public void A_request_without_any_of_the_values_has_no_actor()
    {
        AssertNone(Authorization);
        AssertNone(Authorization, ("X-Tenant", "acme"));
        AssertNone(TenantAndUser, ("Authorization", "Bearer t0ken"));
        AssertNone(Certificate, ("Certificate", "x"));
    }

    [Fact]
    public void Empty_values_tell_nobody_apart()
    {
        AssertNone(Authorization, ("Authorization", ""));
        AssertNone(Authorization, ("Authorization", new StringValues(["", ""])));
        AssertNone(Authorization, ("Authorization", new StringValues([null])));
        AssertNone(TenantAndUser, ("X-Tenant", ""), ("X-User", ""));
    }

    [Fact]
    public void One_value_of_several_is_enough() =>
        Assert.NotEqual(Read(TenantAndUser, ("X-Tenant", "acme")), Read(TenantAndUser, ("X-User", "acme")));

    [Fact]
    public void Shared_needs_nothing_and_is_one_actor() =>
        Assert.Equal(Read(ActorRules.Shared), Read(ActorRules.Shared, ("Authorization", "Bearer t0ken")));

    [Fact]
    public void The_same_values_are_the_same_actor_whatever_else_is_sent() =>
        Assert.Equal(Read(Authorization, ("Authorization", "Bearer a")), Read(Authorization, ("authorization", "Bearer a"), ("Date", "now")));

    [Fact]
    public void Other_values_are_another_actor()
    {
        AssertAllDiffer(
            Read(Authorization, ("Authorization", "Bearer a")),
            Read(Authorization, ("Authorization", "Bearer b")),
            Read(Authorization, ("Authorization", "bearer a")),
            Read(Authorization, ("Authorization", "Bearer a ")),
            Read(ActorRules.Shared));
    }

    [Fact]
    public void Values_do_not_run_together()
    {
        AssertAllDiffer(
            Read(Authorization, ("Authorization", "ab")),
            Read(Authorization, ("Authorization", new StringValues(["a", "b"]))),
            Read(Authorization, ("Authorization", new StringValues(["b", "a"]))),
            Read(Authorization, ("Authorization", new StringValues(["ab", ""]))),
            Read(Authorization, ("Authorization", new StringValues(["", "ab"]))),
            Read(Authorization, ("Authorization", "a,b")));
        AssertAllDiffer(
            Read(TenantAndUser, ("X-Tenant", "a"), ("X-User", "bc")),
            Read(TenantAndUser, ("X-Tenant", "ab"), ("X-User", "c")),
            Read(TenantAndUser, ("X-Tenant", "abc")),
            Read(TenantAndUser, ("X-Tenant", "abc"), ("X-User", "")),
            Read(TenantAndUser, ("X-User", "abc")),
            Read(TenantAndUser, ("X-Tenant", ""), ("X-User", "abc")),
            Read(TenantAndUser, ("X-Tenant", new StringValues(["a", "bc"]))),
            Read(TenantAndUser, ("X-Tenant", "bc"), ("X-User", "a")));
    }

    [Fact]
    public void A_client_certificate_is_an_actor()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var one = Issue(key, "CN=one");
        using var other = Issue(key, "CN=other");

        Assert.True(TryRead(Certificate, one, out var first));
        Assert.True(TryRead(Certificate, one, out var again));
        Assert.True(TryRead(Certificate, other, out var second));
        Assert.Equal(first, again);
        Assert.NotEqual(first, second);
        Assert.False(TryRead(Certificate, certificate: null, out _));
    }

    [Fact]
    public void A_certificates_digest_does_not_drift()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(key, "CN=one");
        var raw = certificate.RawData;

        Assert.True(TryRead(Certificate, certificate, out var actor));

        // Version and kind, one certificate, its length, itself.
        byte[] list = [1, 2, 0, 0, 0, 1, 0, 0, (byte)(raw.Length >> 8), (byte)raw.Length, .. raw];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(list).AsSpan(0, 16)), Hex.Of(actor));
    }

    [Fact]
    public void A_callers_header_is_read_where_it_has_no_certificate()
    {
        var rules = new ActorRules([.. Certificate.Sources, .. Authorization.Sources]);

        // Version and kind, no certificate, one value of one letter.
        byte[] list = [1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, (byte)'a'];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(list).AsSpan(0, 16)), Hex.Of(Read(rules, ("Authorization", "a"))));
    }

    [Fact]
    public void A_claims_digest_does_not_drift()
    {
        Assert.True(TryRead(Claims("sub"), out var actor, ("sub", "alice", "i")));

        // Version and kind, one claim, its issuer and its value behind their lengths.
        byte[] list = [1, 2, 0, 0, 0, 1, 0, 0, 0, 1, (byte)'i', 0, 0, 0, 5, .. "alice"u8];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(list).AsSpan(0, 16)), Hex.Of(actor));
    }

    [Fact]
    public void Claims_are_a_caller_by_value_and_issuer_in_whatever_order_they_come()
    {
        Assert.True(TryRead(Claims("group"), out var one, ("group", "a", "i"), ("group", "b", "i")));
        Assert.True(TryRead(Claims("group"), out var turned, ("group", "b", "i"), ("group", "a", "i"), ("group", "a", "i")));
        Assert.True(TryRead(Claims("group"), out var other, ("group", "a", "j"), ("group", "b", "i")));
        Assert.Equal(one, turned);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Claims_have_to_be_there_all_of_them_with_a_value_and_of_somebody_who_is_authenticated()
    {
        Assert.True(TryRead(Claims("tenant", "sub"), out _, ("tenant", "acme", "i"), ("sub", "alice", "i")));
        Assert.False(TryRead(Claims("tenant", "sub"), out _, ("tenant", "acme", "i")));
        Assert.False(TryRead(Claims("tenant", "sub"), out _, ("tenant", "acme", "i"), ("sub", "", "i")));

        var context = Requests.With([("X-User", "alice")]).HttpContext;
        Assert.False(ActorReader.TryRead(context, new ActorRules([new(ActorKind.Header, "X-User"), new(ActorKind.Claim, "sub")]), out _));
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "alice")])); // by nobody's word
        Assert.False(ActorReader.TryRead(context, Claims("sub"), out _));
    }

    private static ActorRules Claims(params string[] names) => new([.. names.Select(name => new ActorSource(ActorKind.Claim, name))]);

    private static bool TryRead(ActorRules rules, out UInt128 actor, params (string Type, string Value, string Issuer)[] claims)
    {
        var context = new DefaultHttpContext
        {
            User = new ClaimsPrincipal(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value, ClaimValueTypes.String, claim.Issuer)), "test")),
        };
        return ActorReader.TryRead(context, rules, out actor);
    }

    private static X509Certificate2 Issue(ECDsa key, string subject)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(start, start.AddDays(1));
    }

    private static bool TryRead(ActorRules rules, X509Certificate2? certificate, out UInt128 actor)
    {
        var context = new DefaultHttpContext();
        context.Connection.ClientCertificate = certificate;
        return ActorReader.TryRead(context, rules, out actor);
    }

    private static UInt128 Read(ActorRules rules, params (string Name, StringValues Values)[] headers)
    {
        Assert.True(ActorReader.TryRead(Requests.With(headers).HttpContext, rules, out var actor));
        return actor;
    }

    private static void AssertNone(ActorRules rules, params (string Name, StringValues Values)[] headers) =>
        Assert.False(ActorReader.TryRead(Requests.With(headers).HttpContext, rules, out _));

    private static void AssertAllDiffer(params UInt128[] actors) => Assert.Equal(actors.Length, actors.Distinct().Count());
}
