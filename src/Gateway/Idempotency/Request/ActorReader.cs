using System.Security.Claims;
using Gateway.Idempotency.Policies;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Request;

/// <summary>
/// Turns the values that tell callers apart into one hash. The values themselves go no further: neither to a store nor to a log.
/// </summary>
internal static class ActorReader
{
    /// <summary>Of the empty list.</summary>
    private static readonly UInt128 Everybody = Digest.Of([HashedListStart.Version, (byte)HashedList.Actor]);

    /// <returns>
    /// False: none of the policy's values is on the request, or not all of its claims are. A header cannot stand in for a claim, as
    /// anybody can send one; nor can a tenant stand for all of its people.
    /// </returns>
    public static bool TryRead(HttpContext context, ActorRules rules, out UInt128 actor)
    {
        if (rules.IsShared)
        {
            actor = Everybody;
            return true;
        }

        using var list = HashedListStart.Begin(HashedList.Actor);
        var found = false;
        var lacking = false;
        foreach (var source in rules.Sources)
        {
            found |= source.Kind switch
            {
                ActorKind.Header => WriteHeader(list, context.Request, source.Name),
                ActorKind.Claim => WriteClaim(list, context.User, source.Name) || !(lacking = true),
                ActorKind.Certificate => WriteCertificate(list, context.Connection),
                _ => throw new InvalidOperationException($"Actor kind {source.Kind} has no reader."),
            };
        }

        actor = Digest.Of(list.Written);
        return found && !lacking;
    }

    private static bool WriteHeader(PooledBuffer list, HttpRequest request, string name)
    {
        var values = request.Headers[name];
        var found = false;
        list.WriteInt32(values.Count);
        foreach (var value in values)
        {
            found |= !string.IsNullOrEmpty(value);
            list.WriteText(value);
        }

        return found;
    }

    /// <summary>With the issuer: the same subject at two identity providers is two callers. In an order of their own: a refreshed token may list them anew.</summary>
    private static bool WriteClaim(PooledBuffer list, ClaimsPrincipal user, string name)
    {
        var claims = user.Identities.Where(identity => identity.IsAuthenticated).SelectMany(identity => identity.FindAll(name))
            .Select(claim => (claim.Issuer, claim.Value)).Distinct().OrderBy(claim => claim.Issuer, StringComparer.Ordinal).ThenBy(claim => claim.Value, StringComparer.Ordinal).ToList();
        var found = false;
        list.WriteInt32(claims.Count);
        foreach (var (issuer, value) in claims)
        {
            found |= value.Length > 0;
            list.WriteText(issuer);
            list.WriteText(value);
        }

        return found;
    }

    private static bool WriteCertificate(PooledBuffer list, ConnectionInfo connection)
    {
        var certificate = connection.ClientCertificate;
        list.WriteInt32(certificate is null ? 0 : 1);
        if (certificate is not null)
        {
            list.WriteBytes(certificate.RawDataMemory.Span);
        }

        return certificate is not null;
    }
}
