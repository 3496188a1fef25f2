using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Response;

/// <summary>What every answer to a request with a valid key says of the key.</summary>
internal static class KeyMarks
{
    /// <param name="isAccepted">
    /// For <see cref="Repeatability.Result"/>: the request has run, runs or may have run, and will not run a second time. False: nothing came of it.
    /// </param>
    public static void Write(HttpResponse response, in KeyReading key, KeyRules rules, bool isAccepted)
    {
        if (key.Header is null || key.Key is null)
        {
            return;
        }

        if (rules.Echo)
        {
            response.Headers[key.Header] = key.Sent;
        }

        if (Repeatability.IsUsedBy(key))
        {
            response.Headers[Repeatability.Result] = isAccepted ? Repeatability.Accepted : Repeatability.Rejected;
        }
    }
}
