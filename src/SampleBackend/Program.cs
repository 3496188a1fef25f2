using System.Text.Json;
using System.Text.Json.Serialization;

namespace SampleBackend;

/// <summary>
/// The payments API of a small shop, written long ago: it charges every time it is called, has never heard of idempotency
/// keys, and cannot be changed. Its knobs make it slow or faulty on demand, so that a retry can be watched going wrong.
/// </summary>
public static class Program
{
    private const string DefaultUrl = "http://localhost:5081";

    public static void Main(string[] args) => Build(args).Run();

    public static WebApplication Build(string[] args) => Build(args, TimeProvider.System);

    internal static WebApplication Build(string[] args, TimeProvider clock)
    {
        var builder = WebApplication.CreateBuilder(args);

        // Quiet, apart from the lines that say where it listens. Kestrel's complaint about an answer cut short
        // (the knob "fault: truncate") is what was asked for.
        builder.Logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical);

        builder.Services
            .AddSingleton(clock)
            .AddSingleton(_ => new Ledger(clock, builder.Configuration["Ledger:Path"]))
            .AddSingleton<Notes>()
            .AddSingleton<KnobPanel>()
            .AddSingleton<Cashier>()
            .ConfigureHttpJsonOptions(options => Configure(options.SerializerOptions));

        var app = builder.Build();

        if (app.Configuration["urls"] is null && app.Configuration["http_ports"] is null && app.Configuration["https_ports"] is null)
        {
            app.Urls.Add(DefaultUrl);
        }

        // Opened now, not at the first payment: a ledger that cannot be read must stop the start.
        var ledger = app.Services.GetRequiredService<Ledger>();

        FrontPage.Map(app);
        PaymentEndpoints.Map(app, app.Services.GetRequiredService<Cashier>(), ledger, app.Services.GetRequiredService<Notes>());
        LedgerEndpoints.Map(app, ledger, app.Services.GetRequiredService<Notes>());
        KnobEndpoints.Map(app, app.Services.GetRequiredService<KnobPanel>());

        return app;
    }

    internal static JsonSerializerOptions Json { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    private static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter<Fault>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        return options;
    }
}
