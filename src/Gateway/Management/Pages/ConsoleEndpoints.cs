using System.Reflection;
using Gateway.Management.Records;
using Gateway.Stores;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Management.Pages;

/// <summary>
/// The console: pages rendered here, readable without a script, with no file on disk. Its forms go the way of the admin API
/// (<see cref="RecordChanges"/>), and are this console's own alone (antiforgery token, and the origin that the browser tells).
/// </summary>
internal static class ConsoleEndpoints
{
    private const int PageSize = 50;

    private static readonly ChangeResult OutOfDate = new(
        StatusCodes.Status400BadRequest, "The form is out of date", "It was loaded before the gateway was started anew, or the browser keeps no cookies. Nothing was changed. Look at the record, and send it again.", null);

    public static IServiceCollection AddConsole(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.Configure<KeyManagementOptions>(static keys =>
        {
            // A form lives as long as this process. (The ephemeral provider would still leave a key in the home folder, and warn of it.)
            keys.XmlRepository = new KeysInMemory();
            keys.XmlEncryptor = new NullXmlEncryptor();
        });
        services.AddAntiforgery(antiforgery =>
        {
            // Browsers keep cookies by host alone: two gateways on one machine must not take each other's.
            antiforgery.Cookie.Name = $"gateway-console-{Guid.NewGuid():n}";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.Path = "/console";
            antiforgery.SuppressXFrameOptionsHeader = true; // frame-ancestors says it
        });
        return services;
    }

    public static void MapConsole(this WebApplication app)
    {
        app.MapGet("/", () => Results.Redirect("/console")).ExcludeFromDescription();
        var console = app.MapGroup("/console").ExcludeFromDescription();
        console.AddEndpointFilter<ConsoleFilter>();
        console.MapGet("", Overview);
        console.MapGet("/records", FindAsync);
        console.MapGet("/records/{id}", ShowAsync);
        console.MapPost("/records/{id}/resolve", ResolveAsync).DisableAntiforgery(); // looked at there, to answer with a page
        console.MapGet("/coverage", Coverage);
        console.MapGet("/audit", (AuditLog audit, TimeProvider time) => Page<AuditPage>(new { Entries = audit.Latest(AuditLog.Shown), Now = time.GetUtcNow() }));
        console.MapGet("/console.css", () => Asset("console.css", "text/css; charset=utf-8"));
        console.MapGet("/console.js", () => Asset("console.js", "text/javascript; charset=utf-8"));
    }

    private static RazorComponentResult<OverviewPage> Overview(Overview overview, FigureHistory history, TimeProvider time)
    {
        var now = history.Now();
        var samples = history.Samples.Where(sample => now.At - sample.At > TimeSpan.FromSeconds(3)).Append(now).ToList(); // a rate of less is noise
        return Page<OverviewPage>(new { View = overview.Now(), Samples = (IReadOnlyList<FigureSample>)samples, Now = time.GetUtcNow() });
    }

    private static async Task<IResult> FindAsync(
        RecordSearch search, CoverageReport coverage, TimeProvider time, string? q, string? state, string? operation, string? age, string? cursor)
    {
        var query = new RecordQuery(q, state, operation, age, cursor);
        var now = time.GetUtcNow();
        if (q?.Trim() is { Length: 16 or 32 } id && await search.FindAsync(id) is { } one)
        {
            return Results.Redirect($"/console/records/{RecordId.Of(one.Key)}");
        }

        var page = new RecordPageView([], null, 0);
        string? problem = null;
        try
        {
            var found = await search.FindAsync(query.Filter(now), cursor, PageSize);
            page = new RecordPageView([.. found.Records.Select(RecordView.Of)], found.Next, found.Examined);
        }
        catch (FormatException)
        {
            problem = "This page is not one of a search. Start it anew.";
        }

        return Page<RecordsPage>(
            new { Query = query, Page = page, coverage.Operations, Problem = problem, Now = now }, problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private static async Task<IResult> ShowAsync(
        RecordSearch search, RecordDetails details, AuditLog audit, IAntiforgery antiforgery, TimeProvider time, HttpContext context, string id, bool? body, string? done)
    {
        if (await search.FindAsync(id) is { } record)
        {
            var view = details.Of(record, body ?? false);
            return Record(view, antiforgery, time, context, done: done switch
            {
                "completed" when record.State == RecordState.Completed => "It is completed: every retry gets this answer.",
                "released" or "deleted" when view.Audit is [.., { Action: "release" or "delete", Result: "done" }] => "The record that you looked at is gone. This is a new one: its key has been used again since.",
                _ => null,
            });
        }

        return audit.Of(id) is { Count: > 0 } entries
            ? Page<GonePage>(new { Id = id, Entries = entries, Now = time.GetUtcNow() })
            : Message(StatusCodes.Status404NotFound, "There is no such record", "It was forgotten at the end of its retention, released or deleted; or it never was.");
    }

    private static async Task<IResult> ResolveAsync(
        RecordChanges changes, RecordSearch search, RecordDetails details, IAntiforgery antiforgery, TimeProvider time, HttpContext context, string id)
    {
        if (await ReadFormAsync(context.Request) is not { } form)
        {
            return Message(StatusCodes.Status400BadRequest, "This is no form of the console", "Nothing was changed.");
        }

        var isOurs = await antiforgery.IsRequestValidAsync(context);
        var outcome = form.GetValueOrDefault("outcome");
        var result = isOurs ? await ChangeAsync(changes, form, context, id) : OutOfDate;
        if (result.Status == StatusCodes.Status200OK)
        {
            // A page of its own: loading it again changes nothing again.
            return new SeeOther($"/console/records/{RecordId.Of(result.Record!.Key)}?done={outcome}");
        }

        return await search.FindAsync(id) is { } record
            ? Record(details.Of(record, withBody: false), antiforgery, time, context, problem: result, submitted: form)
            : Message(result.Status, result.Title, result.Detail);
    }

    private static async Task<Dictionary<string, string>?> ReadFormAsync(HttpRequest request)
    {
        try
        {
            return request.HasFormContentType ? (await request.ReadFormAsync()).ToDictionary(field => field.Key, field => field.Value.ToString()) : null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return null; // cut, or not as its type says
        }
    }

    private static Task<ChangeResult> ChangeAsync(RecordChanges changes, Dictionary<string, string> form, HttpContext context, string id)
    {
        var (version, by, reason, outcome) = (form.GetValueOrDefault("version"), form.GetValueOrDefault("by"), form.GetValueOrDefault("reason"), form.GetValueOrDefault("outcome"));
        var address = RecordEndpoints.Address(context);
        var user = context.User.Identity?.Name;
        return outcome == "deleted"
            ? changes.DeleteAsync(id, new RecordChange(version, reason, by), user, address)
            : changes.ResolveAsync(id, new RecordResolution(outcome, version, reason, by, outcome == "completed" ? Answer(form) : null), user, address);
    }

    private static GivenAnswer Answer(Dictionary<string, string> form)
    {
        var type = form.GetValueOrDefault("contentType");
        var body = form.GetValueOrDefault("body")?.Replace("\r\n", "\n", StringComparison.Ordinal); // browsers send every line's end so
        var hasBody = !string.IsNullOrEmpty(body);
        return new GivenAnswer(
            int.TryParse(form.GetValueOrDefault("status"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var status) ? status : 0,
            hasBody && !string.IsNullOrWhiteSpace(type) ? new() { ["Content-Type"] = [type.Trim()] } : null,
            hasBody ? body : null);
    }

    private static RazorComponentResult<CoveragePage> Coverage(CoverageReport coverage, TimeProvider time) => Page<CoveragePage>(new { View = coverage.Now(), Now = time.GetUtcNow() });

    private static RazorComponentResult<RecordPage> Record(
        RecordDetailsView view, IAntiforgery antiforgery, TimeProvider time, HttpContext context, string? done = null, ChangeResult? problem = null, IReadOnlyDictionary<string, string>? submitted = null)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return Page<RecordPage>(new
        {
            View = view,
            Token = new AntiforgeryToken(tokens.FormFieldName, tokens.RequestToken!),
            User = context.User.Identity?.Name,
            Done = done,
            Problem = problem,
            Submitted = submitted,
            Now = time.GetUtcNow(),
        }, problem?.Status ?? StatusCodes.Status200OK);
    }

    public static RazorComponentResult<MessagePage> Message(int status, string title, string text) =>
        Page<MessagePage>(new { Title = title, Text = text, Current = "/console/records" }, status);

    private static RazorComponentResult<T> Page<T>(object parameters, int status = StatusCodes.Status200OK)
        where T : Microsoft.AspNetCore.Components.IComponent => new RazorComponentResult<T>(parameters) { StatusCode = status, PreventStreamingRendering = true };

    private static FileStreamHttpResult Asset(string name, string type) =>
        TypedResults.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream($"Gateway.Management.Pages.Assets.{name}")!, type);

    /// <summary>303: the form is sent, look there with GET.</summary>
    private sealed class SeeOther(string location) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = location;
            return Task.CompletedTask;
        }
    }
}
