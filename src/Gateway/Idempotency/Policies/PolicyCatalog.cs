using System.Collections.Concurrent;

namespace Gateway.Idempotency.Policies;

/// <summary>
/// The policies that are in force, by name. Routes hold a handle; a reload that was accepted swaps what the handles show,
/// so that routes and policies change together.
/// </summary>
internal sealed class PolicyCatalog
{
    private readonly ConcurrentDictionary<string, PolicyHandle> _handles = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyDictionary<string, IdempotencyPolicy> Current { get; private set; } = new Dictionary<string, IdempotencyPolicy>();

    public PolicyHandle Handle(string name) => _handles.GetOrAdd(name, static name => new PolicyHandle(name));

    /// <summary>Puts a whole accepted set in force.</summary>
    public void Apply(IReadOnlyDictionary<string, IdempotencyPolicy> policies)
    {
        Current = policies;
        foreach (var (name, policy) in policies)
        {
            Handle(name).Policy = policy;
        }

        // A name that comes back later must be primed anew, not be met with what it meant before. Requests that still run
        // under a removed route keep the handle that they hold.
        foreach (var name in _handles.Keys.Where(name => !policies.ContainsKey(name)))
        {
            _handles.TryRemove(name, out _);
        }
    }

    /// <summary>
    /// Gives a name its first policy before the set is in force: a new route becomes reachable a moment before the
    /// configuration counts as applied, and must not be met without its policy.
    /// </summary>
    public void Prime(IdempotencyPolicy policy) => Handle(policy.Name).Policy ??= policy;
}

/// <summary>Stands for a policy by name; shows the one that is in force.</summary>
internal sealed class PolicyHandle(string name)
{
    private volatile IdempotencyPolicy? _policy;

    public string Name => name;

    public IdempotencyPolicy? Policy
    {
        get => _policy;
        set => _policy = value;
    }
}
