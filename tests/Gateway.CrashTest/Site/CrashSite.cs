namespace Gateway.CrashTest.Site;

/// <summary>Gateways on one store, before one backend.</summary>
internal sealed class CrashSite : IAsyncDisposable
{
    public CrashSite(CrashOptions options)
    {
        Store = options.Store switch
        {
            "Sqlite" => new SqliteSite(options),
            "Redis" => new RedisSite(options),
            "SqlServer" => new SqlServerSite(Gateway.Tests.Support.SqlServerAccess.ConnectionString!, options.Seed),
            _ => throw new ArgumentException($"There is no site for {options.Store}.", nameof(options)),
        };
        Backend = new BackendNode(options);
        Gateways = [.. Enumerable.Range(0, options.Gateways).Select(number => new GatewayNode(number, options, Store, Backend.Port))];
    }

    public IStoreSite Store { get; }

    public BackendNode Backend { get; }

    public IReadOnlyList<GatewayNode> Gateways { get; }

    public async Task StartAsync()
    {
        await Store.StartAsync();
        await Backend.StartAsync();
        foreach (var gateway in Gateways)
        {
            await gateway.StartAsync();
        }
    }

    /// <returns>What is not as it was before the faults; null: everything is.</returns>
    public async Task<string?> RecoverAsync(TimeSpan patience)
    {
        string? unwell = null;
        foreach (var gateway in Gateways)
        {
            gateway.StoreLink?.ForgetTheDead();
            gateway.BackendLink.ForgetTheDead();
            if (gateway.HasEnded)
            {
                unwell = $"gateway {gateway.Number} has ended, and nobody had killed it";
                await gateway.RestartAsync();
            }
        }

        foreach (var gateway in Gateways)
        {
            unwell = await ComeHomeAsync(gateway, patience) ?? unwell;
        }

        return unwell;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in Gateways)
        {
            await gateway.DisposeAsync();
        }

        Backend.Dispose();
        await Store.DisposeAsync();
    }

    /// <summary>Waits until it is ready and no answer waits for the store.</summary>
    private static async Task<string?> ComeHomeAsync(GatewayNode gateway, TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var waiting = await gateway.AnswersWaitingAsync();
            if (waiting == 0)
            {
                return null;
            }

            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                return waiting is null ? $"gateway {gateway.Number} is not ready" : $"{waiting} answers still wait for the store at gateway {gateway.Number}";
            }

            await Task.Delay(50);
        }
    }
}
