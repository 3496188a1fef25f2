using Gateway.Stores;

namespace Gateway.Tests.Support;

/// <summary>A real store whose verbs can be made to fail, hang or be watched.</summary>
internal sealed class FaultyStore(IIdempotencyStore inner) : IIdempotencyStore
{
    /// <summary>What the verbs reach; another one, and everything is forgotten.</summary>
    public IIdempotencyStore Inner { get; set; } = inner;

    /// <summary>Runs before the verb reaches the store: throw to refuse it, wait to hang it.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after the verb has been carried out: throw to lose its reply.</summary>
    public Func<string, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>Claims whose completions alone fail.</summary>
    public HashSet<ClaimToken> Refused { get; } = [];

    /// <summary>Until it ends, a begin waits for it once it has been carried out, and is then carried out again.</summary>
    public Task Repeat { get; set; } = Task.CompletedTask;

    public async ValueTask<BeginResult> BeginCoreAsync(BeginRequest request)
    {
        await Before("begin");
        var result = await Inner.BeginAsync(request);
        if (!Repeat.IsCompleted)
        {
            await Repeat;
            result = await Inner.BeginAsync(request);
        }

        await After("begin");
        return result;
    }

    public ValueTask<BeginResult> BeginAsync(BeginRequest request) => BeginCoreAsync(request);

    public async ValueTask<BeginResult?> FindCompletedAsync(RecordKey key)
    {
        await Before("find");
        var result = await Inner.FindCompletedAsync(key);
        await After("find");
        return result;
    }

    public ValueTask<bool> RenewAsync(RecordKey key, ClaimToken claim, TimeSpan lease) => CallAsync("renew", () => Inner.RenewAsync(key, claim, lease));

    public ValueTask<bool> CompleteAsync(RecordKey key, ClaimToken claim, ReadOnlyMemory<byte> answer) =>
        CallAsync("complete", () => Refused.Contains(claim) ? throw new IOException("refused") : Inner.CompleteAsync(key, claim, answer));

    public ValueTask<bool> MarkUnknownAsync(RecordKey key, ClaimToken claim) => CallAsync("mark-unknown", () => Inner.MarkUnknownAsync(key, claim));

    public ValueTask<bool> ReleaseAsync(RecordKey key, ClaimToken claim) => CallAsync("release", () => Inner.ReleaseAsync(key, claim));

    private async ValueTask<bool> CallAsync(string verb, Func<ValueTask<bool>> call)
    {
        await Before(verb);
        var result = await call();
        await After(verb);
        return result;
    }
}
