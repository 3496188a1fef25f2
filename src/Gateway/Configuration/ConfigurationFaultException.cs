using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>The gateway cannot start as it is configured. The message lists every fault with its place and its cure.</summary>
internal sealed class ConfigurationFaultException(IReadOnlyList<ConfigurationFault> faults) : Exception(Describe(faults))
{
    public IReadOnlyList<ConfigurationFault> Faults => faults;

    public static string Describe(IReadOnlyList<ConfigurationFault> faults) =>
        string.Concat(faults.Select(fault => $"{Environment.NewLine}  {fault}"));
}
