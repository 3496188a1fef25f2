using System.Collections.Concurrent;
using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Site;
using Gateway.Tests.Support;

namespace Gateway.CrashTest.Faults;

/// <summary>Makes the planned faults, several at a time, and takes each back.</summary>
/// <param name="injected">Counts how often each kind has been.</param>
internal sealed class FaultInjector(CrashSite site, ConcurrentDictionary<FaultKind, int> injected)
{
    private readonly ConcurrentDictionary<object, SemaphoreSlim> _turns = new();
    private readonly TaskCompletionSource _isComplete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Each kind has been.</summary>
    public Task IsComplete => _isComplete.Task;

    /// <summary>What went wrong that no key tells: a gateway that did not come back, or would not end.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    /// <summary>What can be done to this site.</summary>
    public static IReadOnlyList<FaultKind> Possible(string store) =>
    [
        .. Enum.GetValues<FaultKind>().Where(kind => kind switch
        {
            FaultKind.KillStore => store == "Redis",
            FaultKind.HangStore => store is "Redis" or "Sqlite",
            FaultKind.StoreRefused or FaultKind.StoreHung or FaultKind.StoreVanished or FaultKind.StoreReplyLost or FaultKind.StoreSlow => store != "Sqlite",
            _ => true,
        }),
    ];

    /// <returns>When all that was broken is whole again.</returns>
    public async Task RunAsync(FaultPlan plan, History history, CancellationToken until)
    {
        var running = new List<Task>();
        while (true)
        {
            var fault = plan.Next();
            await Task.Delay(fault.Pause, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (until.IsCancellationRequested)
            {
                break;
            }

            running.Add(RunAsync(fault, history, until));
        }

        await Task.WhenAll(running);
    }

    private async Task RunAsync(PlannedFault fault, History history, CancellationToken until)
    {
        var gateway = site.Gateways[fault.Gateway];
        try
        {
            await (fault.Kind switch
            {
                FaultKind.KillGateway => AtAsync(gateway, fault.Gateway, async () =>
                {
                    await gateway.KillAsync();
                    await Task.Delay(fault.Length, CancellationToken.None);
                    await gateway.RestartAsync();
                }),
                FaultKind.KillGatewayInOutage => AtAsync(gateway.StoreLink ?? (object)site.Store, fault.Gateway, async () =>
                {
                    var outage = await OutageAsync(gateway);
                    await Task.Delay(RoutesFile.CompletionTimeout + fault.Length, CancellationToken.None);
                    await TurnAsync(gateway, async () =>
                    {
                        await gateway.KillAsync();
                        var restarted = gateway.RestartAsync();
                        await Task.WhenAny(restarted, Task.Delay(fault.Length, CancellationToken.None));
                        await outage.DisposeAsync();
                        await restarted;
                    });
                    await outage.DisposeAsync();
                }),
                FaultKind.FreezeGateway => AtAsync(gateway, fault.Gateway, async () =>
                {
                    await gateway.FreezeAsync();
                    await Task.Delay(fault.Length, CancellationToken.None);
                    await gateway.ThawAsync();
                }),
                FaultKind.RollOver => AtAsync(gateway, fault.Gateway, async () =>
                {
                    if (await gateway.RollOverAsync() is { } wrong)
                    {
                        Failures.Enqueue(wrong);
                    }
                }),
                FaultKind.Reload => AtAsync(gateway, fault.Gateway, async () =>
                {
                    if (fault.Variant % 2 == 0)
                    {
                        gateway.WriteRoutes(RoutesFile.Faulty);
                        await Task.Delay(fault.Length, CancellationToken.None);
                    }

                    gateway.WriteRoutes(new RoutesFile(fault.Variant % RoutesFile.Variants));
                }),
                FaultKind.KillStore => AtAsync(site.Store, null, () => WhileAsync(site.Store.KillAsync()!, fault.Length)),
                FaultKind.HangStore => AtAsync(site.Store, null, () => WhileAsync(site.Store.HangAsync()!, fault.Length)),
                FaultKind.KillBackend => AtAsync(site.Backend, null, async () =>
                {
                    await site.Backend.KillAsync();
                    await Task.Delay(fault.Length, CancellationToken.None);
                    await site.Backend.StartAsync();
                }),
                FaultKind.StoreRefused => LinkAsync(gateway.StoreLink!, LinkFault.Refused),
                FaultKind.StoreHung => LinkAsync(gateway.StoreLink!, LinkFault.Hung),
                FaultKind.StoreVanished => LinkAsync(gateway.StoreLink!, LinkFault.Vanished),
                FaultKind.StoreReplyLost => LinkAsync(gateway.StoreLink!, LinkFault.ReplyLost),
                FaultKind.StoreSlow => LinkAsync(gateway.StoreLink!, LinkFault.Slow),
                FaultKind.BackendRefused => LinkAsync(gateway.BackendLink, LinkFault.Refused),
                FaultKind.BackendHung => LinkAsync(gateway.BackendLink, LinkFault.Hung),
                FaultKind.BackendVanished => LinkAsync(gateway.BackendLink, LinkFault.Vanished),
                FaultKind.BackendReplyLost => LinkAsync(gateway.BackendLink, LinkFault.ReplyLost),
                FaultKind.BackendSlow => LinkAsync(gateway.BackendLink, LinkFault.Slow),
                _ => throw new InvalidOperationException($"{fault.Kind} has no maker."),
            });
        }
        catch (Exception e)
        {
            Failures.Enqueue($"{fault.Kind} at gateway {fault.Gateway} could not be made or taken back: {e.Message}");
        }

        async Task<IAsyncDisposable> OutageAsync(GatewayNode at)
        {
            if (at.StoreLink is not { } link)
            {
                return await site.Store.HangAsync()!;
            }

            link.Break(LinkFault.Hung);
            return new Cure(() =>
            {
                link.Mend();
                return Task.CompletedTask;
            });
        }

        Task LinkAsync(FaultyLink link, LinkFault how) => AtAsync(link, fault.Gateway, async () =>
        {
            link.Break(how);
            await Task.Delay(fault.Length, CancellationToken.None);
            link.Mend();
        });

        // One fault at a time for each thing that can be broken; those of different things overlap.
        Task AtAsync(object place, int? where, Func<Task> act) => TurnAsync(place, async () =>
        {
            var window = history.Begin(fault.Kind.ToString(), where);
            injected.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
            if (injected.Count == Possible(site.Store.Name).Count)
            {
                _isComplete.TrySetResult();
            }

            await act();
            window.To = history.Time.Now;
        });

        async Task TurnAsync(object place, Func<Task> act)
        {
            var turn = _turns.GetOrAdd(place, _ => new SemaphoreSlim(1, 1));
            await turn.WaitAsync(CancellationToken.None);
            try
            {
                if (until.IsCancellationRequested)
                {
                    return; // its turn came too late
                }

                await act();
            }
            finally
            {
                turn.Release();
            }
        }
    }

    private static async Task WhileAsync(Task<IAsyncDisposable> broken, TimeSpan length)
    {
        await using var cure = await broken;
        await Task.Delay(length, CancellationToken.None);
    }
}
