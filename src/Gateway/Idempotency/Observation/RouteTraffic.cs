using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Idempotency.Policies;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency.Observation;

/// <summary>
/// On every route's endpoint: how many requests that may change something came over it, and how many of them no policy looked
/// at. So a team sees what it has not protected yet, and which clients send keys to it already.
/// </summary>
internal sealed class RouteTraffic(string routeId)
{
    private long _protected;
    private long _observed;
    private long _unprotected;
    private long _unprotectedWithKey;

    public string RouteId => routeId;

    /// <summary>Requests that a policy protected.</summary>
    public long Protected => Volatile.Read(ref _protected);

    /// <summary>Requests that a policy looked at without a consequence (<c>Mode: Observe</c>).</summary>
    public long Observed => Volatile.Read(ref _observed);

    /// <summary>Requests that no policy looked at, or that had no key where none is required.</summary>
    public long Unprotected => Volatile.Read(ref _unprotected);

    /// <summary>Those among them that carried an <c>Idempotency-Key</c> all the same.</summary>
    public long UnprotectedWithKey => Volatile.Read(ref _unprotectedWithKey);

    public static bool IsMutating(string method) =>
        HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method) || HttpMethods.IsDelete(method);

    public void CountProtected(bool isObserved) => Interlocked.Increment(ref isObserved ? ref _observed : ref _protected);

    /// <summary>One that goes through as if there were no gateway.</summary>
    public void CountOther(HttpRequest request)
    {
        if (!IsMutating(request.Method))
        {
            return;
        }

        Interlocked.Increment(ref _unprotected);
        if (request.Headers.ContainsKey(KeyRules.DefaultHeader))
        {
            Interlocked.Increment(ref _unprotectedWithKey);
        }
    }
}

/// <summary>The traffic of every route that there is or was since the start: a reload takes no counts away.</summary>
internal sealed class RouteTrafficCatalog
{
    private readonly ConcurrentDictionary<string, RouteTraffic> _routes = new(StringComparer.OrdinalIgnoreCase);

    public RouteTrafficCatalog(IMeterFactory meters) => meters.Create(StoreMeter.Name).CreateObservableCounter(
        RequestMeter.RouteRequests, Measure, unit: "{request}", description: "POST, PUT, PATCH and DELETE requests by route and by what looked at them.");

    public IEnumerable<RouteTraffic> All => _routes.Values;

    public RouteTraffic Of(string routeId) => _routes.GetOrAdd(routeId, static id => new RouteTraffic(id));

    private IEnumerable<Measurement<long>> Measure() => _routes.Values.SelectMany(route => new[]
    {
        Measure(route, "protected", route.Protected),
        Measure(route, "observed", route.Observed),
        Measure(route, "unprotected", route.Unprotected),
    });

    private static Measurement<long> Measure(RouteTraffic route, string protection, long count) => new(
        count,
        new KeyValuePair<string, object?>(RequestMeter.RouteTag, route.RouteId),
        new KeyValuePair<string, object?>(RequestMeter.ProtectionTag, protection));
}
