using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Proxy;

/// <summary>
/// The per-route switch: <c>"Transforms": [ { "IdempotencyPolicy": "payments" } ]</c>. A transform rather than metadata,
/// because YARP refuses a transform that it does not know, and passes over metadata that it does not know.
/// </summary>
internal sealed class IdempotencyTransformFactory(LiveConfiguration live) : ITransformFactory
{
    public const string Key = "IdempotencyPolicy";

    public bool Validate(TransformRouteValidationContext context, IReadOnlyDictionary<string, string> transformValues)
    {
        if (!transformValues.TryGetValue(Key, out var name))
        {
            return false;
        }

        var route = context.Route;
        var place = $"ReverseProxy:Routes:{route.RouteId}:Transforms";
        if (transformValues.Count > 1)
        {
            Add("has other keys beside it.", "Write one transform an object.");
        }

        if (route.Transforms!.Count(transform => transform.ContainsKey(Key)) > 1)
        {
            Add("stands there twice.", "A route has one policy.");
        }

        var policies = live.Candidate.Policies;
        if (string.IsNullOrEmpty(name) || !policies.ContainsKey(name))
        {
            Add($"names the policy '{name}', which is not there.",
                name is not null && Spelling.Nearest(name, policies.Keys) is { } near ? $"Did you mean '{near}'?" : $"Add it under Idempotency:Policies ({(policies.Count == 0 ? "there is none yet" : $"there are: {string.Join(", ", policies.Keys.Order(StringComparer.Ordinal))}")}).");
        }

        return true;

        void Add(string problem, string cure) => context.Errors.Add(new ConfigurationFaultException([new ConfigurationFault(place, $"{Key} {problem}", cure)]));
    }

    public bool Build(TransformBuilderContext context, IReadOnlyDictionary<string, string> transformValues)
    {
        if (!transformValues.TryGetValue(Key, out var name))
        {
            return false;
        }

        live.Prime(name);
        return true;
    }
}
