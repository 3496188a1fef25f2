namespace Gateway.Stores.SqlServer;

internal static class SqlServerStoreRegistration
{
    /// <exception cref="StoreConfigurationException">When the store is made: the connection string cannot be read.</exception>
    public static IServiceCollection AddSqlServerStore(this IServiceCollection services, SqlServerStoreOptions options)
    {
        services.AddSingleton(new SqlServerScripts(options.Schema));
        services.AddSingleton(_ => new SqlServerDatabase(options));
        services.AddSingleton(provider => new SqlServerOpenIndex(
            provider.GetRequiredService<SqlServerDatabase>(), provider.GetRequiredService<SqlServerScripts>(), options, provider.GetRequiredService<ILogger<SqlServerOpenIndex>>()));
        services.AddSingleton(provider => new SqlServerStore(
            provider.GetRequiredService<SqlServerDatabase>(), provider.GetRequiredService<SqlServerScripts>(), provider.GetRequiredService<SqlServerOpenIndex>()));
        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<SqlServerStore>());
        services.AddSingleton<IStoreInspector>(provider => provider.GetRequiredService<SqlServerStore>());
        services.AddSingleton<IRecordWatch>(provider => provider.GetRequiredService<SqlServerStore>());
        services.AddSingleton<IActorQuota>(provider => provider.GetRequiredService<SqlServerStore>());
        services.AddSingleton<IStorePrecondition>(provider => new SqlServerSchemaCheck(
            provider.GetRequiredService<SqlServerDatabase>(), provider.GetRequiredService<SqlServerScripts>(), options, provider.GetRequiredService<SqlServerOpenIndex>()));
        return services;
    }
}
