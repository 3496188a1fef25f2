namespace Gateway.Stores.Sqlite.Spool;

internal static class SqliteAnswerSpoolRegistration
{
    /// <param name="busyTimeout">How long one call waits for another process's write to the same file.</param>
    public static IServiceCollection AddSqliteAnswerSpool(this IServiceCollection services, AnswerSpoolOptions options, TimeSpan busyTimeout)
    {
        services.AddSingleton<IAnswerSpool>(_ => new SqliteAnswerSpool(options, busyTimeout));
        return services;
    }
}
