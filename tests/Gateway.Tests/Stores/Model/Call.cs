namespace Gateway.Tests.Stores.Model;

/// <summary>A verb that was called beside others.</summary>
/// <param name="Invoked">Counts calls and returns in the order in which they happened.</param>
internal sealed record Call(int Worker, Verb.OnRecord Verb, int Invoked, int Returned, string Answer)
{
    public bool Overlaps(Call other) => Invoked < other.Returned && other.Invoked < Returned;

    public override string ToString() => $"[{Invoked,2}-{Returned,2}] worker {Worker}: {Verb} -> {Answer}";
}
