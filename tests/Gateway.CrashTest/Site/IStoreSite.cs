using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.CrashTest.Site;

/// <summary>A store as its operator has it: where it is, and what can happen to it.</summary>
internal interface IStoreSite : IAsyncDisposable
{
    string Name { get; }

    /// <summary>A new wire to it; null: it is no server.</summary>
    FaultyLink? Link();

    /// <summary>Its section in a gateway's configuration.</summary>
    JsonObject Section(FaultyLink? link);

    string SpoolPath(string gatewayFolder);

    Task StartAsync();

    /// <summary>Makes it hang until the answer is disposed of; null: that cannot be done to it from here.</summary>
    Task<IAsyncDisposable>? HangAsync();

    /// <summary>Kills it, until the answer is disposed of; null: it is nobody's to kill.</summary>
    Task<IAsyncDisposable>? KillAsync();
}

/// <summary>Undoes a fault, once.</summary>
internal sealed class Cure(Func<Task> undo) : IAsyncDisposable
{
    private Func<Task>? _undo = undo;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _undo, null) is { } undoNow)
        {
            await undoNow();
        }
    }
}
