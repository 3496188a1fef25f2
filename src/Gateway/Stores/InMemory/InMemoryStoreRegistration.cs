namespace Gateway.Stores.InMemory;

internal static class InMemoryStoreRegistration
{
    public static IServiceCollection AddInMemoryStore(this IServiceCollection services)
    {
        services.AddSingleton(provider => new InMemoryStore(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<InMemoryStore>());
        services.AddSingleton<IStoreInspector>(provider => provider.GetRequiredService<InMemoryStore>());
        services.AddSingleton<IRecordWatch>(provider => provider.GetRequiredService<InMemoryStore>());
        services.AddSingleton<IActorQuota>(provider => provider.GetRequiredService<InMemoryStore>());
        return services;
    }
}
