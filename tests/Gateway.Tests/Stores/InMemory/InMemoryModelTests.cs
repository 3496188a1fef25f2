using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Stores.Model;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Stores;

public sealed class InMemoryModelTests : StoreModelContract
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private InMemoryStore _store;

    public InMemoryModelTests() => _store = new InMemoryStore(_clock);

    protected override IReadOnlyList<(IIdempotencyStore Store, IStoreInspector Inspector)> Gateways => [(_store, _store)];

    protected override TimeSpan Unit => TimeSpan.FromMilliseconds(1);

    protected override int Walks => 300;

    protected override int Meetings => 100;

    // Its verbs take so little time that they seldom meet.
    protected override int Sets => 20;

    protected override Task EmptyAsync()
    {
        _store = new InMemoryStore(_clock);
        Epoch = _clock.GetUtcNow();
        return Task.CompletedTask;
    }

    protected override Task JumpAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }
}
