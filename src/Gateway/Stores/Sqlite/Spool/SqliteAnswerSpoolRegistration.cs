namespace Gateway.Stores.Sqlite.Spool;

internal static class SqliteAnswerSpoolRegistration
{
    /// <param name="options">Asked for when the spool is made: they name the store, which may be faulty as configured.</param>
    /// <param name="busyTimeout">How long one call waits for another process's write to the same file.</param>
    public static IServiceCollection AddSqliteAnswerSpool(this IServiceCollection services, Func<IServiceProvider, AnswerSpoolOptions> options, TimeSpan busyTimeout)
    {
        services.AddSingleton<IAnswerSpool>(provider => new SqliteAnswerSpool(options(provider), busyTimeout, provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
