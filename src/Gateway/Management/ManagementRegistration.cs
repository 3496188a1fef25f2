using Gateway.Management.Records;

namespace Gateway.Management;

internal static class ManagementRegistration
{
    public static IServiceCollection AddManagement(this IServiceCollection services, string auditLog)
    {
        services.AddSingleton<HealthReport>();
        services.AddSingleton<Overview>();
        services.AddSingleton<CoverageReport>();
        services.AddSingleton<FigureHistory>();
        services.AddHostedService(provider => provider.GetRequiredService<FigureHistory>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditLog>(provider, auditLog));
        services.AddSingleton<RecordSearch>();
        services.AddSingleton<RecordDetails>();
        services.AddSingleton<RecordChanges>();
        services.AddSingleton<ManagementListener>();
        services.AddHostedService(provider => provider.GetRequiredService<ManagementListener>());
        return services;
    }
}
