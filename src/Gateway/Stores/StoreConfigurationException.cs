namespace Gateway.Stores;

/// <summary>A store cannot start as it is configured: which setting, and what helps.</summary>
public sealed class StoreConfigurationException(string place, string problem, string cure, Exception? inner = null)
    : Exception($"{place}: {problem} {cure}", inner)
{
    public string Place { get; } = place;

    public string Problem { get; } = problem;

    public string Cure { get; } = cure;
}
