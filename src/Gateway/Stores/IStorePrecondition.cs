namespace Gateway.Stores;

/// <summary>Something that has to hold for a store's promise to hold, beside what the self-test tries out.</summary>
public interface IStorePrecondition
{
    /// <exception cref="InvalidOperationException">It does not hold; the message says what helps.</exception>
    Task CheckAsync();
}
