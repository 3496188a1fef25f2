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
        string? ended = null;
        foreach (var gateway in Gateways.Where(gateway => gateway.HasEnded))
        {
            ended = $"gateway {gateway.Number} has ended and nobody had killed it";
            await gateway.RestartAsync();
        }

        foreach (var gateway in Gateways)
        {
            gateway.StoreLink?.ForgetTheDead();
            gateway.BackendLink.ForgetTheDead();
            var started = TimeProvider.System.GetTimestamp();
            while (await gateway.AnswersWaitingAsync() is not 0 and var waiting)
            {
                if (TimeProvider.System.GetElapsedTime(started) > patience)
                {
                    return ended ?? (waiting is null ? $"gateway {gateway.Number} is not ready" : $"{waiting} answers still wait for the store at gateway {gateway.Number}");
                }

                await Task.Delay(50);
            }
        }

        return ended;
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
}
