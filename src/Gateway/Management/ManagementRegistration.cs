using Gateway.Management.Records;
using Gateway.Management.Specification;

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
        services.AddSingleton<SpecificationDocument>();
        services.AddSingleton<SpecificationEndpoint>();
        services.AddSingleton<ManagementListener>();
        services.AddHostedService(provider => provider.GetRequiredService<ManagementListener>());
        return services;
    }
}
