using Gateway.Idempotency.Observation;
using Gateway.Idempotency.Waiting;

namespace Gateway.Idempotency.Policies;

/// <summary>On the endpoint of a route that names a policy. Cheap to look at: the plan is made once for each policy.</summary>
/// <param name="maxRequestBodySize">The route's own limit in bytes; null or negative: none.</param>
/// <param name="timeout">The route's own time-out; null: none.</param>
internal sealed class ProtectedRoute(string routeId, PolicyHandle handle, long? maxRequestBodySize, TimeSpan? timeout)
{
    private readonly RouteSlots _waiting = new();
    private readonly RouteSlots _running = new();
    private RoutePlan? _plan;

    /// <exception cref="InvalidOperationException">The policy is not loaded: forwarding unprotected would be worse than failing.</exception>
    public RoutePlan Plan
    {
        get
        {
            var policy = handle.Policy ?? throw new InvalidOperationException($"Route '{routeId}' names policy '{handle.Name}', which is not loaded.");
            var plan = _plan;
            return plan?.Policy == policy ? plan : _plan = new RoutePlan(routeId, policy, maxRequestBodySize, timeout) { Waiting = _waiting, Running = _running };
        }
    }
}

/// <summary>A policy as it applies to one route.</summary>
internal sealed class RoutePlan
{
    public RoutePlan(string routeId, IdempotencyPolicy policy, long? maxRequestBodySize, TimeSpan? timeout)
    {
        Policy = policy;
        Operation = policy.OperationOn(routeId);

        // The smaller one counts: YARP applies the route's limit only after the body has been read here.
        MaxRequestBodySize = maxRequestBodySize is { } most and >= 0 ? (int)Math.Min(most, policy.MaxRequestBodySize) : policy.MaxRequestBodySize;

        // A route's time-out works through RequestAborted, from which the forward is cut loose: it becomes part of the deadline.
        Deadline = timeout > TimeSpan.Zero && timeout < policy.Deadline ? timeout.Value : policy.Deadline;
    }

    public IdempotencyPolicy Policy { get; }

    public string Operation { get; }

    public int MaxRequestBodySize { get; }

    public TimeSpan Deadline { get; }

    /// <summary>Requests that wait for another one with their key. Of the route: a new policy finds them there.</summary>
    public RouteSlots Waiting { get; init; } = new();

    /// <summary>Requests that hold a claim and run. Of the route, too.</summary>
    public RouteSlots Running { get; init; } = new();

    /// <summary>Found once, with the first request.</summary>
    public OutcomeCounts? Counts { get; set; }
}
