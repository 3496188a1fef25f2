namespace Gateway.Stores.Sqlite;

internal static class SqliteStoreRegistration
{
    public static IServiceCollection AddSqliteStore(this IServiceCollection services, SqliteStoreOptions options)
    {
        services.AddSingleton(provider => new SqliteStore(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IStoreInspector>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IRecordWatch>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IActorQuota>(provider => provider.GetRequiredService<SqliteStore>());
        return services;
    }
}
