using System.Reflection;
using Gateway.Stores;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Telemetry;

/// <summary>
/// OpenTelemetry around the instruments and activities that the features make. Metrics stand ready for Prometheus (the
/// management listener's <c>/metrics</c>); metrics, traces and nothing else go out by OTLP where the standard environment
/// variables name a receiver (<see href="https://opentelemetry.io/docs/specs/otel/protocol/exporter/"/>).
/// </summary>
internal static class TelemetryRegistration
{
    private const string ServiceName = "idempotency-gateway";

    private static readonly string[] Meters =
    [
        StoreMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime",
    ];

    private static readonly string[] Receivers = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: Version))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddPrometheusExporter());
        if (SendsByOtlp(configuration))
        {
            // Without a receiver nobody listens, and no activity is made at all.
            telemetry
                .WithTracing(traces => traces
                    .AddSource(StoreTelemetry.ActivitySourceName, "Yarp.ReverseProxy")
                    .AddAspNetCoreInstrumentation()
                    .AddHttpClientInstrumentation()
                    .AddProcessor(new UnquotedTraces()))
                .UseOtlpExporter();
        }

        return services;
    }

    private static string Version => typeof(TelemetryRegistration).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private static bool SendsByOtlp(IConfiguration configuration) =>
        !string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase) && Receivers.Any(name => !string.IsNullOrEmpty(configuration[name]));
}
